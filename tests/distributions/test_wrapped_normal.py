"""Normal points of the Poincaré ball, against NumPy in float64."""

import unittest.mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from keras_latent.distributions import Normal, WrappedNormal, WrappedParameters
from keras_latent.models import VAE
from keras_latent.plots import traversals
from tests.models.cases import dense_networks, images


def distance(x, y, c):
    """Of hyperbolic space, by another formula than the library's."""
    square = np.sum((x - y) ** 2, axis=-1)
    of_x, of_y = (1 - c * np.sum(p**2, axis=-1) for p in (x, y))
    return np.arccosh(1 + 2 * c * square / (of_x * of_y)) / np.sqrt(c)


def points(c, dimensions=3, rows=50, reach=0.9, seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, dimensions))
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    return (x * random.random((rows, 1)) * reach / np.sqrt(c)).astype("float32")


def isotropic(c, mean, scale):
    shape = mean.shape
    return WrappedNormal(c), WrappedParameters(
        tf.constant(mean), tf.fill(shape, float(scale))
    )


@pytest.mark.parametrize("curvature", [1e-2, 1.0, 2.5])
@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_isotropic_density_is_that_of_the_distance(curvature, dimensions):
    mean = points(curvature, dimensions, reach=0.7)
    z = points(curvature, dimensions, seed=1)
    posterior, q = isotropic(curvature, mean, 0.8)
    r = distance(z.astype("float64"), mean.astype("float64"), curvature)
    across = np.log(np.sinh(np.sqrt(curvature) * r) / (np.sqrt(curvature) * r))
    expected = -0.5 * (r / 0.8) ** 2 - dimensions * np.log(0.8 * np.sqrt(2 * np.pi))
    expected = expected - (dimensions - 1) * across
    np.testing.assert_allclose(posterior.log_prob(z, q), expected, rtol=1e-5, atol=1e-5)


def jacobian_of_a_draw(posterior, q, noise, curvature):
    """d z/d v in the lengths of the ball, at drawn v = σ·noise."""

    def fixed(shape, **_):
        return noise

    noise = tf.constant(noise)
    with (
        tf.GradientTape() as tape,
        unittest.mock.patch.object(keras.random, "normal", fixed),
    ):
        tape.watch(noise)
        z = posterior.sample(q)
    wide = np.array(z, "float64")
    stretch = 2 / (1 - curvature * np.sum(wide**2, axis=-1))
    jacobian = np.array(tape.batch_jacobian(z, noise), "float64")
    log_det = np.linalg.slogdet(jacobian)[1]
    return z, log_det + noise.shape[-1] * np.log(stretch)


@pytest.mark.parametrize("curvature", [0.3, 1.0])
def test_density_of_a_draw_is_that_of_the_noise_over_its_jacobian(curvature):
    """With a scale for each element, where no distance tells the density."""
    random = np.random.default_rng(2)
    mean = points(curvature, rows=20, reach=0.6)
    scale = random.uniform(0.2, 0.9, mean.shape).astype("float32")
    q = WrappedParameters(tf.constant(mean), tf.constant(scale))
    noise = random.normal(size=mean.shape).astype("float32")
    posterior = WrappedNormal(curvature)
    z, log_det = jacobian_of_a_draw(posterior, q, noise, curvature)
    expected = stats.norm.logpdf(noise).sum(axis=-1) - log_det
    np.testing.assert_allclose(posterior.log_prob(z, q), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("curvature", [0.5, 1.0])
def test_density_integrates_to_one(curvature):
    radius = 1 / np.sqrt(curvature)
    line = (np.arange(400) + 0.5) / 200 - 1
    plane = radius * np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    plane = plane[np.sum(plane**2, axis=-1) * curvature < 0.999]
    q = WrappedParameters(
        tf.constant(
            np.tile([[0.3 * radius, -0.2 * radius]], (len(plane), 1)), "float32"
        ),
        tf.constant(np.tile([[0.4, 0.6]], (len(plane), 1)), "float32"),
    )
    posterior = WrappedNormal(curvature)
    volume = (2 / (1 - curvature * np.sum(plane**2, axis=-1))) ** 2
    volume *= (radius / 200) ** 2
    for parameters in (q, None):
        log_prob = posterior.log_prob(plane.astype("float32"), parameters)
        total = np.sum(np.exp(np.array(log_prob, "float64")) * volume)
        assert total == pytest.approx(1.0, abs=2e-3)
    # In one dimension it is the normal distribution of the distance, exactly.
    line = np.linspace(-0.9999, 0.9999, 40_001)[:, None] * radius
    density = np.exp(np.array(posterior.log_prob(line.astype("float32")), "float64"))
    stretch = 2 / (1 - curvature * line[:, 0] ** 2)
    assert integrate.trapezoid(density * stretch, line[:, 0]) == pytest.approx(
        1.0, abs=1e-4
    )


def test_draws_have_the_moments_of_their_distance():
    mean = np.tile(points(1.0, rows=1, reach=0.5), (10_000, 1))
    posterior, q = isotropic(1.0, mean, 0.5)
    z = np.array(posterior.sample(q, seed=1), "float64")
    r = distance(z, mean.astype("float64"), 1.0)
    law = stats.chi(3, scale=0.5)
    assert stats.kstest(r, law.cdf).pvalue > 1e-3
    z = np.array(posterior.sample(shape=(10_000, 3), seed=2), "float64")
    error = z.std(axis=0) / 100
    assert (np.abs(z.mean(axis=0)) < 4 * error).all()
    assert stats.kstest(distance(z, 0 * z, 1.0), stats.chi(3).cdf).pvalue > 1e-3


def test_the_divergence_at_the_prior_is_zero_for_each_draw():
    posterior, q = isotropic(1.0, np.zeros((20, 3), "float32"), 1.0)
    z = posterior.sample(q, seed=0)
    np.testing.assert_allclose(posterior.kl(q, WrappedNormal(), z), 0.0, atol=1e-6)


def test_small_curvatures_give_the_normal_distribution():
    """Of codes of half the length: what is 2·log 2 at each dimension in volume."""
    random = np.random.default_rng(0)
    mean, z = random.normal(size=(2, 6, 3)).astype("float32")
    posterior, q = isotropic(1e-4, mean / 2, 0.7)
    normal = tf.constant(mean), tf.fill(mean.shape, float(2 * np.log(0.7)))
    found = posterior.log_prob(z / 2, q)
    np.testing.assert_allclose(found, Normal().log_prob(z, normal), rtol=2e-3)
    ratio = posterior.kl(q, WrappedNormal(1e-4), z / 2)
    expected = Normal().log_ratio(normal, Normal(), z)
    np.testing.assert_allclose(ratio, expected, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("value", [0.0, 1e-9, 1.0, 300.0, -1e4])
def test_gradients_are_finite_everywhere(value):
    posterior = WrappedNormal()
    outputs = tf.fill((2, 3), value), tf.fill((2, 3), value)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        q = posterior.from_network(outputs)
        z = posterior.sample(q, seed=1)
        loss = tf.reduce_sum(posterior.kl(q, WrappedNormal(), z)) + tf.reduce_sum(z)
    assert np.isfinite(loss)
    assert np.linalg.norm(z, axis=-1).max() <= 0.9961
    for gradient in tape.gradient(loss, outputs):
        assert np.isfinite(gradient).all()


def test_gradients_equal_differences():
    c, step = 1.0, 1e-3
    mean, z = points(c, rows=4, reach=0.6), points(c, rows=4, reach=0.6, seed=3)
    posterior = WrappedNormal(c)
    scale = tf.constant(np.full((4, 3), 0.7, "float32"))
    with tf.GradientTape() as tape:
        at = tf.constant(mean), tf.constant(z)
        tape.watch(at)
        value = posterior.log_prob(at[1], WrappedParameters(at[0], scale))
    gradients = tape.gradient(value, at)

    def reference(mean, z):
        r = distance(z, mean, c)
        return -0.5 * (r / 0.7) ** 2 - 2 * np.log(np.sinh(r) / r)

    wide = mean.astype("float64"), z.astype("float64")
    for axis in range(3):
        move = step * np.eye(3)[axis]
        to_mean = reference(wide[0] + move, wide[1]) - reference(
            wide[0] - move, wide[1]
        )
        to_z = reference(wide[0], wide[1] + move) - reference(wide[0], wide[1] - move)
        for gradient, rise in zip(gradients, (to_mean, to_z), strict=True):
            found = np.array(gradient)[:, axis]
            np.testing.assert_allclose(found, rise / (2 * step), rtol=1e-3, atol=1e-3)


@pytest.mark.all
def test_graphs_and_xla_give_the_same():
    mean, z = points(1.0, rows=4), points(1.0, rows=4, seed=1)
    posterior, q = isotropic(1.0, mean, 0.7)

    def values(z, mean):
        with tf.GradientTape() as tape:
            tape.watch([z, mean])
            value = posterior.log_prob(z, q._replace(mean=mean))
        return value, *tape.gradient(value, [z, mean])

    at = tf.constant(z), tf.constant(mean)
    expected = values(*at)
    found = tf.function(values, jit_compile=True)(*at)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def model(**arguments):
    ball = {"posterior": "wrapped_normal", "prior": "wrapped_normal"}
    return VAE(**dense_networks(), **{**ball, "seed": 1, **arguments})


def test_points_outside_of_the_ball_are_refused():
    outside = np.float32([[0.1, 0.0, 0.0], [0.9, 0.5, 0.0]])
    message = (
        r"`z` must lie inside of the ball, .*= 1. Received: a point of length 1.02"
    )
    with pytest.raises(ValueError, match=message):
        WrappedNormal().log_prob(outside)
    with pytest.raises(ValueError, match=message):
        model().decode(outside)
    flat = {"posterior": WrappedNormal(0.25), "prior": WrappedNormal(0.25)}
    assert model(**flat).decode(outside).shape == (2, 4, 3, 1)


def test_figures_stay_inside():
    code = np.float32([0.8, 0.0, 0.0])
    figure = traversals(model(), code)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels[0] == "-0.95"
    traversals(model(), code, values=[2.0])


def test_curvatures_must_be_the_same():
    message = r"same space.*curvature -1'.*curvature -0.5'"
    with pytest.raises(ValueError, match=message):
        model(prior=WrappedNormal(0.5))
    with pytest.raises(ValueError, match="same space"):
        model(prior="normal")
    with pytest.raises(ValueError, match=r"`curvature` must be a number in \[0.0001"):
        WrappedNormal(0.0)


def test_maps_hold_a_point_at_each_position():
    posterior = WrappedNormal(0.7)
    raw = tf.constant(np.random.default_rng(0).normal(size=(4, 2, 3, 10)), tf.float32)
    assert posterior.parameters_shape((2, 3, 5)) == (2, 3, 10)
    z = posterior.sample(raw, seed=0)
    flat = tf.reshape(z, (24, 5)), tf.reshape(raw, (24, 10))
    for parameters in (raw, None):
        own = None if parameters is None else flat[1]
        by_point = np.reshape(posterior.log_prob(flat[0], own), (4, 6)).sum(axis=1)
        found = posterior.log_prob(z, parameters)
        np.testing.assert_allclose(found, by_point, rtol=1e-5)


def test_a_model_saves_the_curvature(tmp_path):
    flat = {"posterior": WrappedNormal(0.5), "prior": WrappedNormal(0.5)}
    made, x = model(**flat), np.round(images(3))
    made.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.prior.curvature == loaded.posterior.curvature == 0.5
    np.testing.assert_allclose(loaded.sample(3, seed=1), made.sample(3, seed=1))
    np.testing.assert_allclose(
        loaded.log_likelihood(x, num_samples=3),
        made.log_likelihood(x, num_samples=3),
        rtol=1e-5,
    )
