"""Quantizers that are called without a model: what they take, and what they refuse."""

import numpy as np
import pytest
import tensorflow as tf

from keras_latent import quantizers
from keras_latent.training.moved_by_data import collected_moves

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
    message = r"`e` must have \d channels along its last axis\..*: e of shape \(2, 4, "
    for use in (quantizer, quantizer.tokens_of):
        with pytest.raises(ValueError, match=message):
            use(e)
    message = r"`z` must have 3 channels along its last axis\..*: z of shape \(2, 4, 4"
    with pytest.raises(ValueError, match=message):
        quantizer.nearest_tokens(np.zeros((2, 4, 4, 5)))


def test_levels_of_numpy():
    quantizer = quantizers.FiniteScalarQuantizer([np.int64(5), np.int32(3)])
    assert quantizer.get_config()["levels"] == [5, 3]
    assert all(type(n) is int for n in quantizer.levels)


def maps_for(quantizer):
    shape = 2, 4, 4, quantizer.input_channels(CHANNELS)
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    "wrong", [None, "a", 3.0, [1.0, 2.0, 3.0], [[1.0], [1.0, 2.0]], {"e": 1}, [[1j]]]
)
def test_what_is_no_map(quantizer, wrong):
    for use in (quantizer, quantizer.tokens_of):
        with pytest.raises(ValueError, match=r"`e` must .*Received: e[= ]"):
            use(wrong)
    with pytest.raises(ValueError, match=r"`z` must .*Received: z[= ]"):
        quantizer.nearest_tokens(wrong)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("taken", [np.asarray, tf.constant])
def test_maps_that_are_not_finite(quantizer, value, taken):
    e, z = maps_for(quantizer), np.zeros((2, 4, 4, CHANNELS), "float32")
    e[0, 0, 0, 0] = z[0, 0, 0, 0] = value
    for use in (quantizer, quantizer.tokens_of):
        with pytest.raises(ValueError, match=r"`e` must be finite.*e with 1 values"):
            use(taken(e))
    with pytest.raises(ValueError, match=r"`z` must be finite.*z with 1 values"):
        quantizer.nearest_tokens(taken(z))


def test_a_step_of_training_looks_at_values_itself(quantizer):
    e = np.full_like(maps_for(quantizer), np.nan)
    with collected_moves():
        assert quantizer(e, training=True).tokens.shape[:3] == (2, 4, 4)


def test_maps_as_they_come(quantizer):
    e = maps_for(quantizer)
    expected = quantizer.tokens_of(e)
    for taken in (e.tolist(), e.astype("float64"), tf.constant(e)):
        np.testing.assert_array_equal(quantizer.tokens_of(taken), expected)
        np.testing.assert_array_equal(quantizer(taken).tokens, expected)
    np.testing.assert_array_equal(quantizer(e=e).tokens, expected)
    np.testing.assert_array_equal(
        quantizer(e.round().astype(int)).codes.shape[:3], e.shape[:3]
    )
    graph = tf.function(
        quantizer.tokens_of,
        input_signature=[tf.TensorSpec((None, None, None, e.shape[-1]))],
        autograph=False,
    )
    np.testing.assert_array_equal(graph(e), expected)


@pytest.mark.parametrize("wrong", [None, "a", {"a": 1}, [[1], [1, 2]], print])
def test_what_are_no_tokens(quantizer, wrong):
    with pytest.raises(
        ValueError, match=r"`tokens` must hold integers\. Received: tok"
    ):
        quantizer.codes_of(wrong)


@pytest.mark.parametrize("wrong", [None, "a", 0, -1, 2.5])
def test_what_is_no_size_of_a_code(wrong):
    with pytest.raises(ValueError, match=r"`channels` must be a positive.*: channels="):
        quantizers.VectorQuantizer(num_codes=8).build_for(wrong)


def test_what_nobody_has_built():
    for made in (
        quantizers.VectorQuantizer(num_codes=8),
        quantizers.ResidualQuantizer(num_levels=2, num_codes=8),
        quantizers.LookupFreeQuantizer(),
        quantizers.GumbelQuantizer(num_codes=8),
    ):
        with pytest.raises(
            ValueError, match=r"`build_for` must be called first.*isn't"
        ):
            made.codes_of(np.zeros((3, 2, 2), int))
    made = quantizers.VectorQuantizer(num_codes=8)
    assert made.tokens_of(np.zeros((2, 4, 4, 3))).shape == (2, 4, 4)
    with pytest.raises(ValueError, match=r"`build_for` must be called first: logits"):
        quantizers.GumbelQuantizer(num_codes=8).tokens_of(np.zeros((2, 4, 4, 8)))
    assert quantizers.FiniteScalarQuantizer((2, 2)).codes_of([[3]]).shape == (1, 1, 2)
