import keras
import numpy as np
import pytest

from keras_latent.networks import dense_decoder, dense_encoder, dense_mapping


def dense_layers(model):
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]


@pytest.mark.parametrize("widths", [(6,), [6, 5, 4]])
def test_widths_are_the_units_of_the_layers(widths):
    encoder = dense_encoder((8, 9, 1), widths=widths)
    decoder = dense_decoder((8, 9, 1), 3, widths=widths)
    assert [layer.units for layer in dense_layers(encoder)] == list(widths)
    assert [layer.units for layer in dense_layers(decoder)] == [*widths, 72]


def test_a_decoder_with_tanh_equals_the_formula():
    decoder = dense_decoder((8, 8, 1), 3, widths=(6,), activation="tanh")
    codes = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    hidden, hidden_bias, output, output_bias = decoder.get_weights()
    logits = np.tanh(codes @ hidden + hidden_bias) @ output + output_bias
    expected = (1 / (1 + np.exp(-logits))).reshape(4, 8, 8, 1)
    np.testing.assert_allclose(decoder(codes), expected, rtol=1e-5)


def test_an_encoder_with_tanh_equals_the_formula():
    encoder = dense_encoder((8, 8, 1), widths=(6,), activation="tanh")
    images = np.random.default_rng(0).random((4, 8, 8, 1), dtype="float32")
    kernel, bias = encoder.get_weights()
    expected = np.tanh(images.reshape(4, 64) @ kernel + bias)
    np.testing.assert_allclose(encoder(images), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("code_shape", [(5,), (2, 3, 4)])
def test_mapping_keeps_the_shape_of_a_code(code_shape):
    mapping = dense_mapping(code_shape, widths=(6,))
    assert mapping.input_shape == mapping.output_shape == (None, *code_shape)
    assert [layer.units for layer in dense_layers(mapping)] == [
        6,
        np.prod(code_shape),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((5, 5),), r"`code_shape` must be \(d,\) or \(h, w, c\).*\(5, 5\)"),
        ((5,), r"`code_shape` must be .*code_shape=5"),
        (((5,), (0,)), r"`widths` must be .*\(0,\)"),
    ],
)
def test_mapping_with_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        dense_mapping(*arguments)
