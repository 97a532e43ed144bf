"""What holds for the convolutional and the dense pair alike."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.models import VAE
from keras_latent.networks import (
    convolutional_decoder,
    convolutional_encoder,
    dense_decoder,
    dense_encoder,
)
from tests.tiers import rarely_together

PAIRS = {
    "convolutional": (convolutional_encoder, convolutional_decoder),
    "dense": (dense_encoder, dense_decoder),
}
LATENT_DIM = 5


@pytest.fixture(params=PAIRS)
def pair(request):
    return PAIRS[request.param]


@pytest.fixture
def mixed_float16():
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


def images_of(shape, batch=2):
    return np.random.default_rng(0).random((batch, *shape), dtype="float32")


def codes_of(latent_dim, batch=2):
    return np.random.default_rng(1).normal(size=(batch, latent_dim)).astype("float32")


def autoencoder_of(pair, image_shape):
    make_encoder, make_decoder = pair
    encoder, decoder = make_encoder(image_shape), make_decoder(image_shape, LATENT_DIM)
    features = keras.layers.Flatten()(encoder.output)
    code = keras.layers.Dense(LATENT_DIM)(features)
    return keras.Model(encoder.input, decoder(code))


@pytest.mark.parametrize(
    ("size", "channels", "latent_dim"),
    [
        ((8, 9), 3, 2),
        ((28, 28), 1, 32),
        ((33, 31), 3, 5),
        *rarely_together(
            ((8, 8), 1, 1),
            ((11, 17), 1, 16),
            ((13, 8), 3, 3),
            ((70, 45), 3, 7),
            ((64, 64), 1, 128),
        ),
    ],
)
def test_decoded_images_have_the_size_of_the_encoded(pair, size, channels, latent_dim):
    make_encoder, make_decoder = pair
    image_shape = (*size, channels)
    decoder = make_decoder(image_shape, latent_dim)
    assert make_encoder(image_shape).input_shape == (None, *image_shape)
    assert decoder.input_shape == (None, latent_dim)
    assert decoder.output_shape == (None, *image_shape)
    assert decoder(codes_of(latent_dim)).shape == (2, *image_shape)


def test_images_end_in_the_unit_interval(pair):
    _, make_decoder = pair
    decoded = np.asarray(
        make_decoder((8, 8, 1), LATENT_DIM)(100 * codes_of(LATENT_DIM))
    )
    assert decoded.min() >= 0
    assert decoded.max() <= 1


def test_without_an_output_activation_the_decoder_gives_logits(pair):
    _, make_decoder = pair
    decoder = make_decoder((9, 8, 3), LATENT_DIM)
    to_logits = make_decoder((9, 8, 3), LATENT_DIM, output_activation=None)
    to_logits.set_weights(decoder.get_weights())
    codes = codes_of(LATENT_DIM)
    expected = 1 / (1 + np.exp(-np.asarray(to_logits(codes))))
    np.testing.assert_allclose(decoder(codes), expected, rtol=1e-5, atol=1e-6)


def test_images_are_float32_under_mixed_precision(pair, mixed_float16):
    make_encoder, make_decoder = pair
    features = make_encoder((9, 8, 1))(images_of((9, 8, 1)))
    decoded = make_decoder((9, 8, 1), LATENT_DIM)(codes_of(LATENT_DIM))
    assert keras.backend.standardize_dtype(features.dtype) == "float16"
    assert keras.backend.standardize_dtype(decoded.dtype) == "float32"


def test_dtype_overrides_the_global_policy(pair):
    make_encoder, make_decoder = pair
    encoder = make_encoder((8, 8, 1), dtype="mixed_float16")
    decoder = make_decoder((8, 8, 1), LATENT_DIM, dtype="mixed_float16")
    assert encoder.output.dtype == "float16"
    assert decoder.layers[-2].compute_dtype == "float16"
    assert decoder.output.dtype == "float32"


def test_names_are_those_given(pair):
    make_encoder, make_decoder = pair
    assert make_encoder((8, 8, 1)).name == "encoder"
    assert make_decoder((8, 8, 1), LATENT_DIM).name == "decoder"
    assert make_encoder((8, 8, 1), name="eye").name == "eye"
    assert make_decoder((8, 8, 1), LATENT_DIM, name="hand").name == "hand"


def test_a_saved_network_needs_nothing_but_keras(pair, tmp_path):
    make_encoder, make_decoder = pair
    for network, x in (
        (make_encoder((9, 8, 1)), images_of((9, 8, 1))),
        (make_decoder((9, 8, 1), LATENT_DIM), codes_of(LATENT_DIM)),
    ):
        assert all(
            type(layer).__module__.startswith("keras.") for layer in network.layers
        )
        path = tmp_path / "network.keras"
        network.save(path)
        np.testing.assert_array_equal(keras.models.load_model(path)(x), network(x))


@pytest.mark.all
def test_a_compiled_step_under_xla_equals_the_ordinary_one(pair):
    images = images_of((9, 8, 1), batch=4)
    trained = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(3)
        model = autoencoder_of(pair, (9, 8, 1))
        model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
        before = model.get_weights()
        model.train_on_batch(images, images)
        trained.append(model.get_weights())
    for old, ordinary, xla in zip(before, *trained, strict=True):
        assert not np.array_equal(old, xla)
        np.testing.assert_allclose(xla, ordinary, rtol=1e-4, atol=1e-6)


def test_the_gradient_reaches_every_weight(pair):
    model = autoencoder_of(pair, (9, 8, 3))
    images = images_of((9, 8, 3), batch=4)
    with tf.GradientTape() as tape:
        error = tf.reduce_mean(tf.square(model(images) - images))
    for weight, gradient in zip(
        model.trainable_variables,
        tape.gradient(error, model.trainable_variables),
        strict=True,
    ):
        assert np.any(np.asarray(gradient)), weight.path


@pytest.mark.parametrize("latent_dim", [0, -1, 2.0, True, None])
def test_latent_dim_is_a_positive_integer(pair, latent_dim):
    message = (
        f"`latent_dim` must be a positive integer. Received: latent_dim={latent_dim}"
    )
    with pytest.raises(ValueError, match=message):
        pair[1]((8, 8, 1), latent_dim)


def test_bad_shapes_and_widths_are_refused(pair):
    make_encoder, make_decoder = pair
    with pytest.raises(ValueError, match=r"`image_shape` .*image_shape=\(7, 8, 1\)"):
        make_encoder((7, 8, 1))
    with pytest.raises(ValueError, match=r"`image_shape` .*image_shape=\(8, 8, 5\)"):
        make_decoder((8, 8, 5), LATENT_DIM)
    with pytest.raises(ValueError, match=r"`widths` .*widths=\(\)"):
        make_encoder((8, 8, 1), widths=())
    with pytest.raises(ValueError, match=r"`widths` .*widths=\(8, 0\)"):
        make_decoder((8, 8, 1), LATENT_DIM, widths=(8, 0))


@pytest.mark.parametrize("size", [8, 32, 64, 128, 512])
def test_the_depth_grows_with_the_size(size):
    """Or else it is the dense layer: 512×512 took 201 million weights once."""
    model = VAE.for_images((size, size, 3), latent_dim=16)
    assert max(model.encoder.output_shape[1:3]) <= 8
    assert model.count_params() < 3e6
