import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from keras_latent.likelihoods import Bernoulli


def test_log_prob_equals_scipy():
    generator = np.random.default_rng(0)
    x = generator.integers(2, size=(4, 6)).astype("float32")
    probabilities = generator.uniform(0.01, 0.99, size=(4, 6))
    expected = scipy.stats.bernoulli.logpmf(x, probabilities).sum(axis=1)
    np.testing.assert_allclose(
        Bernoulli().log_prob(x, probabilities), expected, rtol=1e-5
    )


def test_grey_values_give_the_cross_entropy():
    x, logits = np.float32([[0.3, 0.9]]), np.float32([[-2.0, 1.5]])
    p = scipy.special.expit(logits.astype("float64"))
    expected = (x * np.log(p) + (1 - x) * np.log(1 - p)).sum()
    np.testing.assert_allclose(
        Bernoulli(from_logits=True).log_prob(x, logits), [expected], rtol=1e-6
    )


def test_probabilities_of_0_and_1_sum_to_1():
    logits = np.linspace(-20, 20, 41, dtype="float32")[:, None]
    likelihood = Bernoulli(from_logits=True)
    total = sum(
        np.exp(likelihood.log_prob(np.full_like(logits, value), logits))
        for value in (0, 1)
    )
    np.testing.assert_allclose(total, 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("from_logits", "values"),
    [(True, [-1e4, -50, 0, 50, 1e4]), (False, [0, 1e-30, 0.5, 1 - 1e-7, 1])],
)
@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
def test_extremes_are_finite(from_logits, values, x):
    parameters = tf.Variable(np.float32(values)[:, None])
    with tf.GradientTape() as tape:
        log_prob = Bernoulli(from_logits).log_prob(
            tf.fill(parameters.shape, x), parameters
        )
    assert np.all(np.isfinite(log_prob))
    assert np.all(np.isfinite(tape.gradient(log_prob, parameters)))


def test_gradient_of_logits_is_the_error():
    logits = tf.Variable([[-1e4, 0.0, 2.0, 1e4]])
    x = tf.constant([[1.0, 1.0, 0.3, 0.0]])
    likelihood = Bernoulli(from_logits=True)
    with tf.GradientTape() as tape:
        log_prob = likelihood.log_prob(x, logits)
    np.testing.assert_allclose(
        tape.gradient(log_prob, logits), x - likelihood.mean(logits), atol=1e-6
    )


def test_draws_are_0_or_1_and_certain_where_the_probability_is():
    probabilities = np.tile(np.float32([0, 0.5, 1]), (1000, 1))
    draws = np.asarray(Bernoulli().sample(probabilities, seed=0))
    assert set(np.unique(draws)) == {0, 1}
    assert not draws[:, 0].any()
    assert draws[:, 2].all()


def test_grey_values_are_no_density():
    x = np.float32([[0, 0.5, 1], [1, 0.25, 0]])
    Bernoulli().check_observation(x)
    with pytest.raises(
        ValueError,
        match=r"'continuous_bernoulli'.* binarize `x`. Received: grey=2 of 6",
    ):
        Bernoulli().check_normalised(x)


def test_image_activation_and_range():
    assert Bernoulli().image_activation == "sigmoid"
    assert Bernoulli(from_logits=True).image_activation is None
    assert Bernoulli().expected_range == (0, 1)
