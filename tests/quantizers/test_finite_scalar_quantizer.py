"""Levels: against NumPy, all of them reached, and numbers that are a bijection."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from keras_latent.quantizers import FiniteScalarQuantizer

LEVELS = [(8, 5, 5, 5), (2, 3), (7,), (4, 2, 6)]


def built(levels):
    quantizer = FiniteScalarQuantizer(levels)
    quantizer.build_for(len(levels))
    return quantizer


def bounded(e, levels):
    """The paper's bound of each channel, in float64."""
    levels = np.array(levels)
    half = (levels - 1) * (1 - 1e-3) / 2
    offset = np.where(levels % 2 == 0, 0.5, 0.0)
    return np.tanh(np.float64(e) + np.tan(offset / half)) * half - offset


@pytest.mark.parametrize("levels", LEVELS)
class TestLevels:
    def test_codes_and_tokens_against_numpy(self, levels):
        e = 2 * np.random.default_rng(0).normal(size=(3, 4, 5, len(levels)))
        e = e.astype("float32")
        codes, tokens, terms = built(levels)(e)
        digits = np.round(bounded(e, levels))
        halves = np.array(levels) // 2
        np.testing.assert_allclose(codes, digits / halves, rtol=1e-6)
        strides = np.cumprod([1, *levels[:-1]])
        np.testing.assert_array_equal(tokens, ((digits + halves) * strides).sum(-1))
        assert terms == {}

    def test_every_code_is_reached_and_known_by_its_token(self, levels):
        quantizer = built(levels)
        # From far below to far above, each level of a channel is passed.
        line = np.linspace(-9, 9, 4001, dtype="float32")
        each = []
        for channel, count in enumerate(levels):
            e = np.zeros((len(line), len(levels)), "float32")
            e[:, channel] = line
            values = np.unique(np.array(quantizer(e).codes)[:, channel])
            assert len(values) == count
            each.append(values)
        codes = np.array(list(itertools.product(*each)), "float32")
        tokens = np.array(quantizer.nearest_tokens(codes))
        assert sorted(tokens.tolist()) == list(range(math.prod(levels)))
        np.testing.assert_allclose(quantizer.codes_of(tokens), codes, atol=1e-6)
        assert quantizer.num_codes == math.prod(levels)

    def test_nothing_is_0(self, levels):
        codes = built(levels)(np.zeros((1, len(levels)), "float32")).codes
        np.testing.assert_array_equal(np.abs(codes), 0.0)

    def test_codes_stay_where_they_are(self, levels):
        quantizer = built(levels)
        codes = quantizer.codes_of(np.arange(quantizer.num_codes))
        again = quantizer.codes_of(quantizer.nearest_tokens(codes))
        np.testing.assert_array_equal(codes, again)

    def test_far_away_is_the_last_level(self, levels):
        far = np.array([[-50.0], [50.0]], "float32") * np.ones(len(levels), "float32")
        quantizer = built(levels)
        expected = [0, quantizer.num_codes - 1]
        assert np.array(quantizer.nearest_tokens(far)).tolist() == expected
        assert np.array(quantizer.tokens_of(far)).tolist() == expected


def test_the_gradient_is_that_of_the_bound():
    levels, e = (8, 5), np.array([[0.3, -0.7]], "float32")
    point = tf.constant(e)
    with tf.GradientTape() as tape:
        tape.watch(point)
        codes = built(levels)(point).codes
    found = tape.gradient(codes, point)
    step, e = 1e-5, np.float64(e)
    expected = (bounded(e + step, levels) - bounded(e - step, levels)) / (2 * step)
    np.testing.assert_allclose(found, expected / (np.array(levels) // 2), rtol=1e-3)


@pytest.mark.parametrize("levels", [(), (1, 5), 8, ("8",), (2.0,)])
def test_levels_that_are_none(levels):
    with pytest.raises(ValueError, match=r"`levels` must be a sequence.*Received"):
        FiniteScalarQuantizer(levels)


def test_codes_of_another_size():
    with pytest.raises(ValueError, match=r"`decoder` takes, 3 channels.*codes of 4"):
        FiniteScalarQuantizer().build_for(3)


def test_too_many_codes():
    with pytest.raises(ValueError, match=r"at most 4194304 codes.*1000000000 codes"):
        FiniteScalarQuantizer(9 * (10,)).build_for(9)
