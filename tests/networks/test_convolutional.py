import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.networks import convolutional_decoder, convolutional_encoder


@pytest.mark.parametrize(
    ("size", "map_size"), [((8, 8), (1, 1)), ((28, 28), (4, 4)), ((70, 45), (9, 6))]
)
def test_the_encoder_halves_the_sides_rounding_up(size, map_size):
    assert convolutional_encoder((*size, 1)).output_shape == (None, *map_size, 128)


@pytest.mark.parametrize("widths", [(6,), [6, 5], (6, 5, 4, 3, 2)])
def test_any_number_of_widths(widths):
    encoder = convolutional_encoder((21, 16, 1), widths=widths)
    decoder = convolutional_decoder((21, 16, 1), 4, widths=widths[::-1])
    filters = [
        layer.filters
        for layer in encoder.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert filters == list(widths)
    assert decoder.output_shape == (None, 21, 16, 1)


def test_the_smallest_map_of_the_decoder_is_that_of_the_encoder():
    encoder = convolutional_encoder((33, 20, 3))
    decoder = convolutional_decoder((33, 20, 3), 4)
    reshape = next(
        layer for layer in decoder.layers if isinstance(layer, keras.layers.Reshape)
    )
    assert (None, *reshape.target_shape) == encoder.output_shape


@pytest.mark.parametrize("latent_dim", [16, 32])
def test_the_default_pair_has_under_a_million_parameters(latent_dim):
    encoder = convolutional_encoder((28, 28, 1))
    decoder = convolutional_decoder((28, 28, 1), latent_dim)
    assert encoder.count_params() + decoder.count_params() < 1_000_000


def test_a_constant_map_decodes_without_a_checkerboard():
    decoder = convolutional_decoder((64, 64, 1), 4, output_activation=None)
    dense = next(
        layer for layer in decoder.layers if isinstance(layer, keras.layers.Dense)
    )
    channels = np.random.default_rng(0).random(128)
    dense.bias.assign(np.tile(channels, 8 * 8))
    image = np.asarray(decoder(np.zeros((1, 4))))[0, :, :, 0]
    interior = image[20:-20, 20:-20]  # what the zeros around the maps don't reach
    assert np.abs(image).max() > 1e-3
    np.testing.assert_allclose(interior, interior[0, 0], atol=1e-6)


def test_the_encoder_sees_every_pixel_equally_often():
    encoder = convolutional_encoder((64, 64, 1), widths=(1, 1, 1))
    encoder.set_weights([np.ones_like(weight) for weight in encoder.get_weights()])
    image = tf.ones((1, 64, 64, 1))
    with tf.GradientTape() as tape:
        tape.watch(image)
        total = tf.reduce_sum(encoder(image))
    interior = tape.gradient(total, image)[0, 16:-16, 16:-16, 0]
    np.testing.assert_allclose(interior, interior[0, 0], rtol=1e-6)
