"""Quantizers that are called without a model: what they take, and what they refuse."""

import numpy as np
import pytest
import tensorflow as tf

from keras_latent import quantizers

CHANNELS = 3
ALL = {
    "vector": quantizers.VectorQuantizer(num_codes=8),
    "residual": quantizers.ResidualQuantizer(num_levels=2, num_codes=8),
    "finite": quantizers.FiniteScalarQuantizer((2, 2, 2)),
    "lookup_free": quantizers.LookupFreeQuantizer(),
    "gumbel": quantizers.GumbelQuantizer(num_codes=8),
}


@pytest.fixture(params=ALL)
def quantizer(request):
    made = ALL[request.param]
    made.build_for(CHANNELS)
    return made


def tokens_for(quantizer):
    shape = quantizer.token_shape((2, 2))
    return np.random.default_rng(1).integers(8, size=(3, *shape))


@pytest.mark.parametrize("taken", [np.asarray, list, tf.constant, np.uint8])
def test_tokens_as_they_come(quantizer, taken):
    tokens = tokens_for(quantizer)
    codes = quantizer.codes_of(taken(tokens))
    assert codes.shape == (3, 2, 2, CHANNELS)
    np.testing.assert_array_equal(codes, quantizer.look_up(tf.constant(tokens)))


def test_in_a_graph(quantizer):
    tokens = tokens_for(quantizer)
    codes = tf.function(quantizer.codes_of)(tf.constant(tokens))
    np.testing.assert_array_equal(codes, quantizer.codes_of(tokens))


@pytest.mark.parametrize("wrong", [8, -1])
@pytest.mark.parametrize("taken", [np.asarray, tf.constant])
def test_tokens_out_of_range(quantizer, wrong, taken):
    tokens = tokens_for(quantizer)
    tokens[0, 0, 0] = wrong
    with pytest.raises(ValueError, match=rf"from 0 to 7\. Received: tokens .*{wrong}"):
        quantizer.codes_of(taken(tokens))


@pytest.mark.parametrize("wrong", [np.full((1, 2, 2, 2), 0.5), [["a", "b"]]])
def test_tokens_that_are_no_integers(quantizer, wrong):
    with pytest.raises(ValueError, match=r"`tokens` must hold integers\. Received"):
        quantizer.codes_of(wrong)


def test_levels_without_their_axis():
    quantizer = ALL["residual"]
    quantizer.build_for(CHANNELS)
    with pytest.raises(ValueError, match=r"last axis of 2, .* shape \(3, 2, 3\)"):
        quantizer.codes_of(np.zeros((3, 2, 3), int))


def test_maps_of_other_channels(quantizer):
    e = np.zeros((2, 4, 4, quantizer.input_channels(CHANNELS) + 1), "float32")
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have"):
        quantizer(e)


def test_levels_of_numpy():
    quantizer = quantizers.FiniteScalarQuantizer([np.int64(5), np.int32(3)])
    assert quantizer.get_config()["levels"] == [5, 3]
    assert all(type(n) is int for n in quantizer.levels)
