import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf

from keras_latent.likelihoods import Gaussian


@pytest.mark.parametrize("learn_scale", [False, True])
@pytest.mark.parametrize("scale", [0.05, 1.0, 3])
def test_log_prob_equals_scipy(scale, learn_scale):
    generator = np.random.default_rng(0)
    x, mean = generator.normal(size=(2, 4, 6))
    expected = scipy.stats.norm.logpdf(x, mean, scale).sum(axis=1)
    likelihood = Gaussian(scale, learn_scale)
    np.testing.assert_allclose(likelihood.log_prob(x, mean), expected, rtol=1e-5)


def test_density_integrates_to_1():
    x = np.linspace(-5, 5, 1001)[:, None]
    log_prob = Gaussian(scale=0.5).log_prob(x, np.full_like(x, 0.3))
    total = scipy.integrate.trapezoid(np.exp(log_prob), x[:, 0])
    np.testing.assert_allclose(total, 1, rtol=1e-5)


def test_draws_have_the_scale():
    draws = Gaussian(scale=0.25).sample(np.full((20000, 1), 2.0), seed=0)
    np.testing.assert_allclose(np.std(draws), 0.25, rtol=0.02)


def test_scale_is_a_weight_only_when_learned():
    assert Gaussian().weights == []
    (weight,) = Gaussian(scale=0.5, learn_scale=True).trainable_weights
    assert weight.path.endswith("log_scale")
    assert weight.dtype == "float32"
    np.testing.assert_allclose(weight, np.log(0.5), rtol=1e-6)


def test_learned_scale_moves_to_the_error():
    generator = np.random.default_rng(0)
    x = generator.normal(scale=0.2, size=(500, 4)).astype("float32")
    likelihood = Gaussian(learn_scale=True)
    for _ in range(100):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.log_prob(x, np.zeros_like(x)))
        log_scale = likelihood.log_scale
        log_scale.assign_sub(0.05 * tape.gradient(loss, log_scale.value))
    np.testing.assert_allclose(np.exp(log_scale), x.std(), rtol=0.01)


def test_large_errors_stay_finite_in_half_precision():
    mean = tf.Variable([[6e4]], dtype="float16")
    with tf.GradientTape() as tape:
        log_prob = Gaussian().log_prob(tf.constant([[0.0]], "float16"), mean)
    np.testing.assert_allclose(log_prob, [-0.5 * float(mean[0, 0]) ** 2], rtol=1e-6)
    assert np.all(np.isfinite(tape.gradient(log_prob, mean)))


@pytest.mark.parametrize("scale", [0, -1.0, float("nan"), "1"])
def test_scale_must_be_positive(scale):
    with pytest.raises(ValueError, match=f"`scale` must be .* scale={scale!r}"):
        Gaussian(scale=scale)


def test_image_activation_and_range():
    assert Gaussian().image_activation is None
    assert Gaussian().expected_range == (-np.inf, np.inf)
    Gaussian().check_observation([[-1e9, 1e9]])


def test_a_learned_scale_stays_above_its_bound():
    likelihood = Gaussian(learn_scale=True)
    likelihood.log_scale.assign(-50.0)

    log_prob = likelihood.log_prob(np.zeros((1, 2)), np.zeros((1, 2)))
    expected = scipy.stats.norm.logpdf(0.0, scale=1e-3) * 2
    np.testing.assert_allclose(log_prob, [expected], rtol=1e-5)
