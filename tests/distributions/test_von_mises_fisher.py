"""Von Mises-Fisher vectors, against SciPy's Bessel functions and quadrature."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats

from keras_latent.distributions import (
    SphericalParameters,
    UniformSphere,
    VonMisesFisher,
)
from keras_latent.distributions.polar_angle import quantile
from keras_latent.training.replicas import replica_share, sharing
from tests.tiers import rarely, rarely_together

SETTINGS = [
    (dimensions, concentration)
    for dimensions in (2, 3, 8, 64)
    for concentration in (1e-3, 0.05, 1.0, 20.0, 1e3)
]
each_setting = pytest.mark.parametrize(("dimensions", "concentration"), SETTINGS)
few_settings = pytest.mark.parametrize(
    ("dimensions", "concentration"),
    [*SETTINGS[::3], *rarely_together(*SETTINGS[1::3], *SETTINGS[2::3])],
)


def log_area(dimensions):
    half = dimensions / 2
    return np.log(2) + half * np.log(np.pi) - special.gammaln(half)


def log_constant(dimensions, concentration):
    """Log C(κ)·exp(κ): the density's logarithm at its direction."""
    half = dimensions / 2
    bessel = np.log(special.ive(half - 1, concentration))
    return (half - 1) * np.log(concentration) - half * np.log(2 * np.pi) - bessel


def mean_cosine(dimensions, concentration):
    half = dimensions / 2
    return special.ive(half, concentration) / special.ive(half - 1, concentration)


def closed_kl(dimensions, concentration):
    if concentration < 0.1:  # Of the logarithms few digits would be left.
        square = concentration**2 / dimensions
        return square / 2 - 0.75 * square**2 / (dimensions + 2)
    cosine = mean_cosine(dimensions, concentration)
    constant = log_constant(dimensions, concentration)
    return concentration * (cosine - 1) + constant + log_area(dimensions)


def closed_kl_derivative(dimensions, concentration):
    """zoo: κ(1 − A² − (m − 1)A/κ)."""
    cosine = mean_cosine(dimensions, concentration)
    return concentration * (1 - cosine**2) - (dimensions - 1) * cosine


def parameters(dimensions, concentration, rows=1, seed=0):
    mean = np.random.default_rng(seed).normal(size=(1, dimensions))
    mean = np.repeat(mean / np.linalg.norm(mean), rows, axis=0)
    return SphericalParameters(
        tf.constant(mean, tf.float32), tf.fill((rows, 1), float(concentration))
    )


def angle_law(dimensions, concentration):
    """The density of the angle."""

    def density(angle):
        belt = np.sin(angle) ** (dimensions - 2)
        return belt * np.exp(-2 * concentration * np.sin(angle / 2) ** 2)

    # Its integral: the density's constant, and the area of a belt of sine 1.
    constant = log_constant(dimensions, concentration) + log_area(dimensions - 1)
    return lambda angle: density(angle) * np.exp(constant)


@each_setting
def test_divergence_and_its_derivative(dimensions, concentration):
    q = parameters(dimensions, concentration)
    with tf.GradientTape() as tape:
        tape.watch(q.concentration)
        kl = VonMisesFisher().kl(q, UniformSphere(), None)
    expected = closed_kl(dimensions, concentration)
    assert float(kl[0]) == pytest.approx(expected, rel=1e-6)
    slope = float(tape.gradient(kl, q.concentration)[0, 0])
    expected = (
        concentration / dimensions
        if concentration < 0.01
        else closed_kl_derivative(dimensions, concentration)
    )
    assert slope == pytest.approx(expected, rel=1e-5)


def test_divergence_in_three_dimensions_and_far_out():
    kappa = 2.5
    expected = kappa / np.tanh(kappa) - 1 + np.log(kappa / np.sinh(kappa))
    found = VonMisesFisher().kl(parameters(3, kappa), UniformSphere(), None)
    assert float(found[0]) == pytest.approx(expected, rel=1e-6)
    expected = log_area(6) - 5 / 2 * np.log(2 * np.pi * np.e / 1e6)
    found = VonMisesFisher().kl(parameters(6, 1e6), UniformSphere(), None)
    assert float(found[0]) == pytest.approx(expected, rel=1e-5)


@each_setting
def test_density_and_its_derivatives(dimensions, concentration):
    """Where SciPy's own are precise: its normaliser, at the exact cosine."""
    q = parameters(dimensions, concentration, rows=200)
    z = VonMisesFisher().sample(q, seed=1)
    with tf.GradientTape() as tape:
        tape.watch(q)
        found = VonMisesFisher().log_prob(z, q)
    to_mean, to_concentration = tape.gradient(found, q)
    wide_z, wide_mean = (np.array(part, "float64") for part in (z, q.mean))
    apart = 0.5 * np.sum((wide_z - wide_mean) ** 2, axis=-1)
    expected = log_constant(dimensions, concentration) - concentration * apart
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    slope = 1 - mean_cosine(dimensions, concentration) - apart
    scale = min(1.0, np.sqrt(dimensions / concentration))
    np.testing.assert_allclose(to_concentration[:, 0] / scale, slope / scale, atol=1e-5)
    along = np.array(to_mean) / concentration
    np.testing.assert_allclose(along, wide_z - wide_mean, atol=1e-6)


def test_density_equals_that_of_scipy():
    q, z = parameters(4, 7.0, rows=5), UniformSphere().sample(shape=(5, 4), seed=2)
    wide = np.array(q.mean[0], "float64")
    law = stats.vonmises_fisher(wide / np.linalg.norm(wide), 7.0)
    wide_z = np.array(z, "float64")
    wide_z /= np.linalg.norm(wide_z, axis=-1, keepdims=True)
    found = VonMisesFisher().log_prob(z, q)
    np.testing.assert_allclose(found, law.logpdf(wide_z), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("concentration", [200.0, *rarely(0.5)])
def test_density_integrates_to_one(concentration):
    angles = np.linspace(-np.pi, np.pi, 4_001)
    z = np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype("float32")
    q = parameters(2, concentration, rows=len(z))
    density = np.exp(np.array(VonMisesFisher().log_prob(z, q), "float64"))
    assert integrate.trapezoid(density, angles) == pytest.approx(1.0, abs=1e-4)
    q = parameters(5, 4.0, rows=20_000)
    z = UniformSphere().sample(shape=(20_000, 5), seed=1)
    weights = np.exp(VonMisesFisher().log_prob(z, q) + log_area(5))
    assert abs(weights.mean() - 1.0) < 4 * weights.std() / np.sqrt(len(z))


SHARES = np.array([1e-6, 1e-3, 0.1, 0.5, 0.9, 0.999, 1 - 1e-6], "float32")[:, None]


def solved(dimensions, concentration):
    """The angles at these shares, and their derivatives by κ."""
    kappa = tf.fill(SHARES.shape, float(concentration))
    with tf.GradientTape() as tape:
        tape.watch(kappa)
        angle = quantile(tf.constant(SHARES), kappa, dimensions)
    slopes = tape.gradient(angle, kappa)
    return np.array(angle, "float64")[:, 0], np.array(slopes, "float64")[:, 0]


@few_settings
def test_angles_are_quantiles(dimensions, concentration):
    angles, slopes = solved(dimensions, concentration)
    assert (np.diff(angles) > 0).all()
    density = angle_law(dimensions, concentration)
    middle = slice(1, 6)
    for angle, share in zip(angles[middle], SHARES[middle, 0], strict=True):
        found = integrate.quad(density, 0, angle, epsrel=1e-11, limit=500)[0]
        # The angle is a float32.
        slack = 1e-7 * angle * density(angle)
        assert found == pytest.approx(float(share), rel=1e-6, abs=2 * slack)
    # −∂F/∂κ / p, each by quadrature.
    cosine = mean_cosine(dimensions, concentration)
    for angle, slope in zip(angles[middle], slopes[middle], strict=True):
        integral = integrate.quad(
            lambda a: (np.cos(a) - cosine) * density(a),
            0,
            angle,
            epsrel=1e-11,
            limit=500,
        )[0]
        assert slope == pytest.approx(-integral / density(angle), rel=1e-4)


@pytest.mark.parametrize("concentration", [0.05, 2.0, 40.0, 1e3])
def test_angles_in_three_dimensions(concentration):
    """cos θ = 1 + log(s + (1 − s)·exp(−2κ))/κ, s = 1 − u, differentiated by hand."""
    angles, slopes = solved(3, concentration)
    share = SHARES.astype("float64")[:, 0]
    falls = share * np.expm1(-2 * concentration)
    drop = -np.log1p(falls) / concentration
    expected = 2 * np.arcsin(np.sqrt(drop / 2))
    np.testing.assert_allclose(angles, expected, rtol=1e-6)
    derivative = 2 * share * np.exp(-2 * concentration) / (1 + falls) / concentration
    by_concentration = derivative - drop / concentration
    some = slice(1, 6) if concentration < 1 else slice(None)
    expected_slopes = by_concentration / np.sin(expected)
    np.testing.assert_allclose(slopes[some], expected_slopes[some], rtol=1e-5)


@few_settings
def test_draws_have_the_moments(dimensions, concentration):
    rows = 4_000
    q = parameters(dimensions, concentration, rows)
    with tf.GradientTape() as tape:
        tape.watch(q.concentration)
        z = VonMisesFisher().sample(q, seed=3)
        cosines = tf.reduce_sum(z * q.mean, axis=-1)
        drops = 0.5 * tf.reduce_sum(tf.square(z - q.mean), axis=-1)
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1.0, atol=1e-5)
    drop = np.array(drops, "float64")
    expected = 1 - mean_cosine(dimensions, concentration)
    error = drop.std() / np.sqrt(rows)
    assert abs(drop.mean() - expected) < 4 * error
    spread = np.sqrt(closed_kl_derivative(dimensions, concentration) / concentration)
    if concentration >= 1:
        assert drop.std() == pytest.approx(spread, rel=0.1)
    beside = np.array(z - cosines[:, None] * q.mean, "float64")
    errors = beside.std(axis=0).max() / np.sqrt(rows)
    assert np.abs(beside.mean(axis=0)).max() < 5 * errors


@pytest.mark.parametrize("dimensions", [5, *rarely(2, 3, 16)])
def test_gradient_of_a_draw_is_that_of_its_mean(dimensions):
    """The gradient through an accepted proposal would be 0.128 for 0.147 at m = 5."""
    q = parameters(dimensions, 2.0, rows=5_000)
    with tf.GradientTape() as tape:
        tape.watch(q.concentration)
        cosine = tf.reduce_sum(VonMisesFisher().sample(q, seed=5) * q.mean, axis=-1)
    gradients = np.array(tape.gradient(cosine, q.concentration))[:, 0]
    expected = closed_kl_derivative(dimensions, 2.0) / 2.0
    error = gradients.std() / np.sqrt(len(gradients))
    assert abs(gradients.mean() - expected) < 4 * error
    assert error < 0.02 * expected


@pytest.mark.parametrize("mean", [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 1e-8, 0.0]])
@pytest.mark.parametrize("concentration", [-30.0, 0.0, 1e4, 1e8])
def test_gradients_are_finite_everywhere(mean, concentration):
    posterior = VonMisesFisher()
    outputs = tf.constant([mean]), tf.constant([[concentration]])
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        q = posterior.from_network(outputs)
        z = posterior.sample(q, seed=1)
        loss = tf.reduce_sum(z * [0.3, -0.7, 0.2]) + tf.reduce_sum(
            posterior.log_prob(z, q) + posterior.kl(q, UniformSphere(), z)
        )
    for gradient in tape.gradient(loss, outputs):
        assert np.isfinite(gradient).all()


@pytest.mark.all
def test_xla_and_graphs_give_the_same():
    dimensions = 5
    kappa = tf.constant([[1e-3], [1.0], [30.0], [1e3]])
    share = tf.constant([[0.1], [0.999], [0.5], [0.02]])
    mean = parameters(dimensions, 1.0, rows=4).mean
    z = UniformSphere().sample(shape=(4, dimensions), seed=0)

    def values(kappa):
        with tf.GradientTape() as tape:
            tape.watch(kappa)
            q = SphericalParameters(mean, kappa)
            angle = quantile(share, kappa, dimensions)
            log_prob = VonMisesFisher().log_prob(z, q)
            kl = VonMisesFisher().kl(q, UniformSphere(), None)
            total = tf.reduce_sum(angle) + tf.reduce_sum(log_prob) + tf.reduce_sum(kl)
        return angle, log_prob, kl, tape.gradient(total, kappa)

    expected = values(kappa)
    for jit_compile in (False, True):
        found = tf.function(values, jit_compile=jit_compile)(kappa)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)


def test_maps_hold_a_vector_at_each_position():
    posterior = VonMisesFisher()
    raw = tf.constant(np.random.default_rng(0).normal(size=(4, 2, 3, 6)), tf.float32)
    assert posterior.parameters_shape((2, 3, 5)) == (2, 3, 6)
    z = posterior.sample(raw, seed=0)
    assert z.shape == (4, 2, 3, 5)
    flat = tf.reshape(raw, (24, 6))
    by_vector = posterior.log_prob(tf.reshape(z, (24, 5)), flat)
    expected = np.reshape(by_vector, (4, 6)).sum(axis=1)
    np.testing.assert_allclose(posterior.log_prob(z, raw), expected, rtol=1e-5)
    kl = np.reshape(posterior.kl(flat, UniformSphere(), None), (4, 6)).sum(axis=1)
    np.testing.assert_allclose(posterior.kl(raw, UniformSphere(), z), kl, rtol=1e-5)


@pytest.mark.parametrize("first", [4, 7])
def test_replicas_draw_what_one_draws(two_replicas, first):
    q = parameters(3, 2.0, rows=7)
    q = q._replace(
        concentration=tf.constant(np.linspace(0.1, 9, 7)[:, None], "float32")
    )
    expected = VonMisesFisher().sample(q, seed=4)

    def part(context):
        is_first = context.replica_id_in_sync_group == 0
        rows = slice(0, first) if is_first else slice(first, 7)
        return tf.concat([q.mean[rows], q.concentration[rows]], -1)

    parts = two_replicas.experimental_distribute_values_from_function(part)

    def draw(rows):
        count = tf.shape(rows)[0]
        with sharing(replica_share(count)):
            rows = tf.pad(rows, [[0, tf.maximum(1 - count, 0)], [0, 0]])
            own = SphericalParameters(rows[:, :3], rows[:, 3:])
            return VonMisesFisher().sample(own, seed=4)[:count]

    drawn = two_replicas.run(draw, (parts,))
    found = np.concatenate(
        [np.array(d) for d in two_replicas.experimental_local_results(drawn)]
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)
