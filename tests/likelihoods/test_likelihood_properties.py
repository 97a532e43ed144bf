"""What holds for every likelihood at the extremes of its parameters and of its data."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keras_latent.likelihoods import (
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    Mixed,
)

few = settings(max_examples=12, derandomize=True, deadline=None)

# Of float32, those whose sums, or whose squares' sums, it can hold as well.
LARGEST = {"float16": 65504.0, "float32": 1e37}
LARGEST_TO_SQUARE = {"float16": 65504.0, "float32": 1e18}
SMALLEST = {"float16": 2.0**-24, "float32": 2.0**-149}
BELOW_ONE = {"float16": 1 - 2.0**-11, "float32": 1 - 2.0**-24}
# Gradients are computed in float32; where a decoder gives float16, they must fit into
# it as well, which the scale of the loss sees to: it falls until they do.
LOSS_SCALE = {"float16": 2.0**-10, "float32": 1.0}


def values(dtype, low, high, *edges):
    """Arrays of any numbers from low to high, and of these edges."""
    as_float = np.dtype(dtype).type
    width = 8 * np.dtype(dtype).itemsize
    numbers = st.floats(float(as_float(low)), float(as_float(high)), width=width)
    chosen = st.sampled_from([float(as_float(edge)) for edge in (low, high, *edges)])
    return arrays(dtype, (2, 3), elements=chosen | numbers)


def unit(dtype):
    return values(dtype, 0.0, 1.0, SMALLEST[dtype], 0.5, BELOW_ONE[dtype])


def reals(dtype):
    largest = LARGEST[dtype]
    return values(dtype, -largest, largest, 0.0, SMALLEST[dtype], BELOW_ONE[dtype])


def squared(dtype):
    largest = LARGEST_TO_SQUARE[dtype]
    return values(dtype, -largest, largest, 0.0, SMALLEST[dtype])


def distributions(dtype):
    """They needn't add up to 1, but what is as good as 0 alone is no distribution."""
    return unit(dtype).filter(lambda rows: (rows.max(axis=-1) > 1e-8).all())


# Each with its observations and its parameters; without a sigmoid, a decoder may leave
# the range of probabilities.
CASES = {
    "bernoulli": (Bernoulli(), unit, reals),
    "bernoulli_logits": (Bernoulli(from_logits=True), unit, reals),
    "continuous_bernoulli": (ContinuousBernoulli(), unit, reals),
    "continuous_bernoulli_logits": (ContinuousBernoulli(True), unit, reals),
    "gaussian": (Gaussian(), squared, squared),
    "gaussian_wide": (Gaussian(scale=1e18), squared, squared),
    "gaussian_learned": (Gaussian(learn_scale=True), squared, squared),
    "gaussian_optimal": (Gaussian(scale="optimal"), squared, squared),
    "discretized_logistic": (DiscretizedLogistic(), unit, squared),
    "discretized_logistic_learned": (DiscretizedLogistic(0.1, True), unit, squared),
    "categorical": (Categorical(), unit, distributions),
    "categorical_logits": (Categorical(from_logits=True), unit, reals),
}
each_case = pytest.mark.parametrize("name", CASES)
each_bounded_case = pytest.mark.parametrize(
    "name", [name for name in CASES if "gaussian" not in name]
)


def assert_finite(*tensors):
    for tensor in tensors:
        assert np.isfinite(np.asarray(tensor, "float32")).all()


@each_case
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@few
@given(st.data())
def test_values_and_gradients_are_finite(name, dtype, data):
    likelihood, observations, parameters = CASES[name]
    x = data.draw(observations(dtype))
    decoded = tf.Variable(data.draw(parameters(dtype)))
    weights = [weight.value for weight in likelihood.trainable_weights]
    with tf.GradientTape(persistent=True) as tape:
        log_prob = likelihood.log_prob(x, decoded)
        mean = likelihood.mean(decoded)
        scaled = LOSS_SCALE[dtype] * log_prob
    assert log_prob.dtype == mean.dtype == "float32"
    assert_finite(log_prob, mean, *tape.gradient(scaled, [decoded, *weights]))
    assert_finite(tape.gradient(mean, decoded))
    likelihood.check_observation(likelihood.sample(decoded, seed=1))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@few
@given(st.data())
def test_mixed_columns_are_finite(dtype, data):
    columns = ("bernoulli_logits", "gaussian", "categorical_logits")
    likelihood = Mixed({name: CASES[name][0] for name in columns})
    x = {name: data.draw(CASES[name][1](dtype)) for name in columns}
    decoded = {name: tf.Variable(data.draw(CASES[name][2](dtype))) for name in columns}
    with tf.GradientTape() as tape:
        log_prob = likelihood.log_prob(x, decoded)
        scaled = LOSS_SCALE[dtype] * log_prob
    assert_finite(log_prob, *likelihood.mean(decoded).values())
    assert_finite(*tape.gradient(scaled, decoded).values())
    likelihood.check_observation(likelihood.sample(decoded, seed=1))


@few
@given(squared("float16"), squared("float16"), st.floats(-(2.0**99), 2.0**99, width=32))
def test_any_learned_scale(x, decoded, log_scale):
    likelihood = Gaussian(learn_scale=True)
    likelihood.log_scale.assign(log_scale)
    with tf.GradientTape() as tape:
        log_prob = likelihood.log_prob(x, decoded)
    assert_finite(log_prob, tape.gradient(log_prob, likelihood.log_scale.value))


@each_case
@few
@given(st.data())
def test_what_is_in_the_support_is_taken(name, data):
    likelihood, observations, _ = CASES[name]
    dtype = data.draw(st.sampled_from(["float16", "float32"]))
    likelihood.check_observation(data.draw(observations(dtype)))


@each_bounded_case
@few
@given(st.floats(min_value=1 + 2e-6) | st.floats(max_value=-2e-6))
@example(2.0**40)
@example(1e300)
@example(float("-inf"))
def test_what_is_outside_is_refused(name, value):
    x = np.array([[0.5, value]])
    with pytest.raises(ValueError, match=r"`x` must (lie in \[0, 1\]|be finite).*Rec"):
        CASES[name][0].check_observation(x)


@each_case
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e300, 10.0**39], ids=str)
def test_what_float32_cannot_hold_is_refused(name, value):
    with pytest.raises(ValueError, match=r"`x` must be finite. Received: "):
        CASES[name][0].check_observation([[0.5, value]])


@pytest.mark.parametrize(
    "x",
    [[["a"]], [[b"a"]], [[1j]], [[None]], {"a": 1.0}, np.array(["2020"], "datetime64")],
    ids=str,
)
def test_what_is_no_number_is_refused(x):
    message = "`x` must hold real numbers. Received: x of dtype"
    with pytest.raises(ValueError, match=message):
        Gaussian().check_observation(x)
    with pytest.raises(ValueError, match=f"Column 'a': {message}"):
        Mixed({"a": "gaussian"}).check_observation({"a": x})


@pytest.mark.parametrize("x", [True, 1, np.uint8(1), np.float64(1.0)], ids=repr)
def test_every_kind_of_number_is_taken(x):
    Bernoulli().check_observation(np.full((2, 3), x))


def test_a_scale_of_which_draws_would_be_infinite_is_refused():
    message = r"`scale` must be a number in \[1e-06, 1e\+18\]. Received: scale=1e\+40"
    with pytest.raises(ValueError, match=message):
        Gaussian(scale=1e40)
