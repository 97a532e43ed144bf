import numpy as np
import pytest
import scipy.integrate
import scipy.special
import tensorflow as tf

from keras_latent.likelihoods import ContinuousBernoulli

LOGITS = [-30.0, -3.0, -0.51, -0.49, -1e-3, 0.0, 1e-5, 0.2, 0.5, 1.0, 8.0, 30.0]


def reference(logit, power):
    """∫ x^power · λ^x · (1 − λ)^(1 − x) dx over [0, 1], by quadrature in float64."""
    return scipy.integrate.quad(
        lambda x: x**power * np.exp(x * logit + scipy.special.log_expit(-logit)),
        0,
        1,
        epsabs=0,
        epsrel=1e-10,
    )[0]


@pytest.mark.parametrize("logit", LOGITS)
def test_log_prob_equals_quadrature(logit):
    x = np.linspace(0, 1, 7)[:, None]
    unnormalised = x * logit + scipy.special.log_expit(-logit)
    expected = (unnormalised - np.log(reference(logit, 0)))[:, 0]
    log_prob = ContinuousBernoulli(from_logits=True).log_prob(x, np.full((7, 1), logit))
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("logit", LOGITS)
def test_mean_equals_quadrature(logit):
    mean = ContinuousBernoulli(from_logits=True).mean(np.float32([[logit]]))
    expected = reference(logit, 1) / reference(logit, 0)
    np.testing.assert_allclose(mean[0, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("probability", [0.001, 0.3, 0.4999, 0.5, 0.75, 0.999])
def test_density_of_probabilities_integrates_to_1(probability):
    nodes, weights = np.polynomial.legendre.leggauss(40)
    x = (nodes[:, None] + 1) / 2
    log_prob = ContinuousBernoulli().log_prob(x, np.full_like(x, probability))
    np.testing.assert_allclose(np.exp(log_prob) @ weights / 2, 1, rtol=1e-5)


@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_extremes_have_their_limits(logit):
    likelihood = ContinuousBernoulli(from_logits=True)
    near, far = (1.0, 0.0) if logit > 0 else (0.0, 1.0)
    log_prob = likelihood.log_prob([[near], [far]], [[logit], [logit]])
    np.testing.assert_allclose(log_prob, [np.log(1e4), np.log(1e4) - 1e4], rtol=1e-6)
    np.testing.assert_allclose(likelihood.mean([[logit]]), abs(near - 1e-4), atol=6e-8)
    draws = likelihood.sample(np.full((1000, 1), logit), seed=0)
    assert np.all((draws >= 0) & (draws <= 1))
    np.testing.assert_allclose(np.mean(draws), abs(near - 1e-4), atol=2e-5)


@pytest.mark.parametrize(
    ("from_logits", "values"),
    [
        (True, [-1e4, -100, -0.5, -1e-8, 0, 1e-8, 0.5, 100, 1e4]),
        (False, [0, 1e-30, 0.5, 0.5 + 1e-7, 1 - 1e-7, 1]),
    ],
)
@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
def test_extremes_are_finite(from_logits, values, x):
    likelihood = ContinuousBernoulli(from_logits)
    parameters = tf.Variable(np.float32(values)[:, None])
    with tf.GradientTape(persistent=True) as tape:
        log_prob = likelihood.log_prob(tf.fill(parameters.shape, x), parameters)
        mean = likelihood.mean(parameters)
    for output in (log_prob, mean):
        assert np.all(np.isfinite(output))
        assert np.all(np.isfinite(tape.gradient(output, parameters)))


def test_gradient_of_logits_is_the_error():
    # A property of exponential families: ∂ log p/∂η = x − mean; at η = 0 too.
    logits = tf.Variable(np.float32([LOGITS]))
    x = tf.fill(logits.shape, 0.3)
    likelihood = ContinuousBernoulli(from_logits=True)
    with tf.GradientTape() as tape:
        log_prob = likelihood.log_prob(x, logits)
    np.testing.assert_allclose(
        tape.gradient(log_prob, logits), x - likelihood.mean(logits), atol=3e-6
    )


@pytest.mark.parametrize("logit", [-5.0, 0.0, 1.0])
def test_draws_follow_the_distribution_function(logit):
    likelihood = ContinuousBernoulli(from_logits=True)
    draws = likelihood.sample(np.full((20000, 1), logit), seed=0)
    points = np.linspace(0.1, 0.9, 9)
    expected = points if logit == 0 else np.expm1(logit * points) / np.expm1(logit)
    observed = np.mean(np.asarray(draws) <= points, axis=0)
    np.testing.assert_allclose(observed, expected, atol=0.0142)


def test_mean_is_nearer_to_one_half_than_the_parameter():
    np.testing.assert_allclose(
        ContinuousBernoulli().mean([[0.9]]),
        0.9 / 0.8 + 1 / (2 * np.arctanh(1 - 1.8)),
        rtol=1e-5,
    )


def test_grey_values_are_normalised():
    ContinuousBernoulli().check_normalised(np.float32([[0, 0.3, 1]]))
    with pytest.raises(ValueError, match=r"the continuous_bernoulli likelihood. Rec"):
        ContinuousBernoulli().check_observation([[2.0]])


def test_image_activation_and_range():
    assert ContinuousBernoulli().image_activation == "sigmoid"
    assert ContinuousBernoulli(from_logits=True).image_activation is None
    assert ContinuousBernoulli().expected_range == (0, 1)
