"""The masses of grey levels, against SciPy's logistic distribution."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_latent.likelihoods import DiscretizedLogistic
from keras_latent.models import VAE
from tests.models.cases import dense_networks, images


def masses(mean, scale, levels=256):
    """Of each level, in float64: differences of the distribution function."""
    edges = (np.arange(levels - 1) + 0.5) / (levels - 1)
    below = scipy.stats.logistic.cdf(edges, mean, scale)
    above = scipy.stats.logistic.sf(edges, mean, scale)
    # Each difference on the side where it keeps its digits.
    inner = np.where(edges[:-1] > mean, above[:-1] - above[1:], below[1:] - below[:-1])
    return np.concatenate([below[:1], inner, above[-1:]])


@pytest.mark.parametrize("learn_scale", [False, True])
@pytest.mark.parametrize("scale", [0.003, 0.05, 1.0, 30.0])
@pytest.mark.parametrize("mean", [-0.1, 0.0, 0.4321, 1.0])
def test_masses_equal_scipy_and_add_up_to_one(scale, mean, learn_scale):
    x = np.arange(256)[:, None] / 255
    likelihood = DiscretizedLogistic(scale, learn_scale)
    found = likelihood.log_prob(x, np.full((256, 1), mean))
    expected = np.log(masses(mean, scale))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert np.exp(np.array(found, "float64")).sum() == pytest.approx(1.0, abs=1e-5)


def test_gradients_by_complex_steps():
    generator = np.random.default_rng(0)
    level = generator.integers(0, 256, size=(3, 5))
    level[0, :2] = 0, 255
    mean = tf.constant(generator.random((3, 5)), tf.float32)
    likelihood = DiscretizedLogistic(0.05)
    with tf.GradientTape() as tape:
        tape.watch(mean)
        total = tf.reduce_sum(likelihood.log_prob(level / 255, mean))
    log_scale = likelihood.log_scale
    to_mean, to_scale = tape.gradient(total, [mean, log_scale.value])

    def log_mass(mean, log_scale):
        """By σ(c + h) − σ(c − h) = sinh h / (cosh c + cosh h)."""
        scale = np.exp(log_scale)
        half = 0.5 / 255 / scale
        centre = (level / 255 - mean) / scale
        inner = np.sinh(half) / (np.cosh(centre) + np.cosh(half))
        lowest = 1.0 / (1.0 + np.exp(-centre - half))
        highest = 1.0 / (1.0 + np.exp(centre - half))
        mass = np.where(level == 0, lowest, np.where(level == 255, highest, inner))
        return np.log(mass)

    wide, wide_log_scale = np.array(mean, "float64"), float(log_scale)
    expected = log_mass(wide + 1e-30j, wide_log_scale)
    np.testing.assert_allclose(total, expected.real.sum(), rtol=1e-5)
    np.testing.assert_allclose(to_mean, expected.imag / 1e-30, rtol=1e-5, atol=1e-5)
    expected = log_mass(wide, wide_log_scale + 1e-30j).imag.sum() / 1e-30
    assert float(to_scale) == pytest.approx(expected, rel=1e-5)


def test_far_from_the_mean_it_stays_finite():
    mean = tf.constant([[-40.0, 40.0, 0.5]])
    likelihood = DiscretizedLogistic(1e-3)
    with tf.GradientTape() as tape:
        tape.watch(mean)
        log_prob = likelihood.log_prob([[1.0, 0.0, 100 / 255]], mean)
    # In the tail the mass falls by 1/s nats a unit.
    np.testing.assert_allclose(tape.gradient(log_prob, mean)[0, :2], [1e3, -1e3])
    assert np.isfinite(log_prob).all()


def test_draws_are_levels_with_their_masses():
    likelihood = DiscretizedLogistic(0.1, levels=5)
    draws = np.array(likelihood.sample(np.full((20_000, 1), 0.3), seed=0)) * 4
    np.testing.assert_array_equal(draws, np.round(draws))
    counts = np.bincount(draws[:, 0].astype(int), minlength=5)
    expected = 20_000 * masses(0.3, 0.1, levels=5)
    assert scipy.stats.chisquare(counts, expected).pvalue > 1e-3


@pytest.mark.parametrize("mean", [0.1, 0.5, 1.2])
def test_the_median_stands_for_the_mean(mean):
    likelihood = DiscretizedLogistic(0.1)
    median = float(likelihood.mean(np.full((1, 1), mean))[0, 0])
    draws = np.array(likelihood.sample(np.full((20_000, 1), mean), seed=1))
    assert median == pytest.approx(min(mean, 1.0))
    assert abs(median - np.median(draws)) < 0.01


def test_levels_alone_are_normalised():
    likelihood = DiscretizedLogistic()
    likelihood.check_normalised(np.arange(256, dtype="float32")[None] / 255)
    with pytest.raises(ValueError, match=r"levels k / 255.*Received: between=1 of 2"):
        likelihood.check_normalised(np.float32([[0.0, 0.5]]))
    DiscretizedLogistic(levels=3).check_normalised(np.float32([[0.0, 0.5]]))


@pytest.mark.all
def test_a_model_learns_the_scale_and_saves_it(tmp_path):
    model = VAE(**dense_networks(None), likelihood="discretized_logistic", seed=1)
    model.compile(keras.optimizers.Adam(0.05), run_eagerly=True)
    x = np.round(images(8) * 255) / 255
    losses = model.fit(x, epochs=10, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert abs(float(model.likelihood.log_scale) - np.log(0.05)) > 0.01
    assert np.isfinite(model.log_likelihood(x, num_samples=3)).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert float(loaded.likelihood.log_scale) == float(model.likelihood.log_scale)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0.0}, r"`scale` must be a number in \[0.0001, 10000\].*scale=0.0"),
        ({"levels": 1}, r"`levels` must be at least 2. Received: levels=1"),
        ({"levels": 2.5}, r"`levels` must be a positive integer.*levels=2.5"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        DiscretizedLogistic(**arguments)
