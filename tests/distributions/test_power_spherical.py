"""Densities, draws and divergences on the sphere, against quadrature and formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special

from keras_latent.distributions import (
    Normal,
    PowerSpherical,
    SphericalParameters,
    UniformSphere,
)
from keras_latent.distributions.uniform_sphere import unit
from keras_latent.models import VAE
from keras_latent.training.replicas import replica_share, sharing
from tests.models.cases import dense_networks, images

SETTINGS = [
    (dimensions, concentration)
    for dimensions in (2, 3, 8, 64)
    for concentration in (1e-3, 1.0, 20.0, 500.0)
]
each_setting = pytest.mark.parametrize(("dimensions", "concentration"), SETTINGS)


def log_area(dimensions):
    half = dimensions / 2
    return np.log(2) + half * np.log(np.pi) - special.gammaln(half)


def log_normaliser(dimensions, concentration):
    """−log of the integral of (1 + t)^κ over the sphere, in float64."""
    beta = (dimensions - 1) / 2
    alpha = beta + concentration
    return -(
        (alpha + beta) * np.log(2)
        + beta * np.log(np.pi)
        + special.gammaln(alpha)
        - special.gammaln(alpha + beta)
    )


def closed_kl(dimensions, concentration):
    """zoo's formula: log |S| − H, H = log N(κ) − κ(log 2 + ψ(α) − ψ(α + β))."""
    beta = (dimensions - 1) / 2
    alpha = beta + concentration
    mean_log = np.log(2) + special.digamma(alpha) - special.digamma(alpha + beta)
    normaliser = log_normaliser(dimensions, concentration)
    return normaliser + concentration * mean_log + log_area(dimensions)


def integrated_kl(dimensions, concentration):
    """∫ p log(p·|S|) over the angle θ to μ; sin^(d−2) is the belt's size."""
    normaliser = log_normaliser(dimensions, concentration)
    belt = log_area(dimensions - 1) if dimensions > 2 else np.log(2.0)

    def integrand(angle):
        log_p = normaliser + concentration * np.log1p(np.cos(angle))
        size = np.exp(belt + (dimensions - 2) * np.log(np.sin(angle)))
        return size * np.exp(log_p) * (log_p + log_area(dimensions))

    return integrate.quad(integrand, 1e-12, np.pi - 1e-9, limit=500)[0]


def parameters(dimensions, concentration, rows=1, seed=0):
    mean = np.random.default_rng(seed).normal(size=(rows, dimensions))
    mean /= np.linalg.norm(mean, axis=-1, keepdims=True)
    return SphericalParameters(
        tf.constant(mean, tf.float32), tf.fill((rows, 1), float(concentration))
    )


@each_setting
def test_divergence_from_uniform(dimensions, concentration):
    found = PowerSpherical().kl(
        parameters(dimensions, concentration), UniformSphere(), None
    )
    expected = closed_kl(dimensions, concentration)
    assert float(found[0]) == pytest.approx(expected, rel=1e-5, abs=2e-5)
    assert expected == pytest.approx(
        integrated_kl(dimensions, concentration), rel=1e-6, abs=1e-8
    )


@pytest.mark.parametrize("dimensions", [3, 256])
def test_divergence_of_extreme_concentrations(dimensions):
    for concentration in (1e-3, 1e4):
        q = parameters(dimensions, concentration)
        found = float(PowerSpherical().kl(q, UniformSphere(), None)[0])
        expected = closed_kl(dimensions, concentration)
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("concentration", [1e5, 1e7, 1e12, 1e17, 1e30])
def test_on_the_sphere_large_concentrations_keep_their_digits(concentration):
    """In three dimensions, it is log(1 + κ) − κ/(1 + κ)."""
    q = SphericalParameters(
        tf.constant([[1.0, 0.0, 0.0]]), tf.constant([[concentration]])
    )
    exact = float(q.concentration[0, 0])
    with tf.GradientTape() as tape:
        tape.watch(q.concentration)
        found = PowerSpherical().kl(q, UniformSphere(), None)
    expected = np.log1p(exact) - exact / (1 + exact)
    assert float(found[0]) == pytest.approx(expected, rel=1e-6)
    slope = float(tape.gradient(found, q.concentration)[0, 0])
    assert slope == pytest.approx(exact / (1 + exact) ** 2, rel=1e-5)
    at_mean = float(PowerSpherical().log_prob([[1.0, 0.0, 0.0]], q)[0])
    assert at_mean == pytest.approx(np.log((1 + exact) / (4 * np.pi)), rel=1e-6)


@each_setting
def test_entropy_and_divergence_add_up_to_the_log_of_the_area(
    dimensions, concentration
):
    entropy = PowerSpherical().entropy(parameters(dimensions, concentration))
    expected = log_area(dimensions) - closed_kl(dimensions, concentration)
    assert float(entropy[0]) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("dimensions", [2, 3, 16, 256])
@pytest.mark.parametrize("concentration", [1e-3, 1.0, 1e4])
def test_log_density_in_float32(dimensions, concentration):
    """The cosine of two unit vectors, in float32, would be wrong by 2e-3 nats."""
    q = parameters(dimensions, concentration, rows=500)
    z = PowerSpherical().sample(q, seed=1)
    wide_z, wide_mean = (np.array(part, "float64") for part in (z, q.mean))
    wide_z /= np.linalg.norm(wide_z, axis=-1, keepdims=True)
    wide_mean /= np.linalg.norm(wide_mean, axis=-1, keepdims=True)
    cosine = (wide_z * wide_mean).sum(axis=-1)
    expected = log_normaliser(dimensions, concentration)
    expected = expected + concentration * np.log1p(cosine)
    found = PowerSpherical().log_prob(z, q)
    np.testing.assert_allclose(found, expected, rtol=3e-7, atol=3e-5)


@pytest.mark.parametrize("concentration", [0.5, 3.0, 200.0])
def test_density_on_the_circle_integrates_to_one(concentration):
    angles = np.linspace(-np.pi, np.pi, 20_001)
    z = np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype("float32")
    q = SphericalParameters(
        tf.constant(np.tile([[0.6, 0.8]], (len(z), 1)), tf.float32),
        tf.fill((len(z), 1), concentration),
    )
    density = np.exp(np.array(PowerSpherical().log_prob(z, q), "float64"))
    assert integrate.trapezoid(density, angles) == pytest.approx(1.0, abs=1e-4)


def test_derivative_of_the_divergence():
    q = parameters(5, 3.0)
    with tf.GradientTape() as tape:
        tape.watch(q.concentration)
        kl = PowerSpherical().kl(q, UniformSphere(), None)
    found = float(tape.gradient(kl, q.concentration)[0, 0])
    step = 1e-4
    expected = (closed_kl(5, 3 + step) - closed_kl(5, 3 - step)) / (2 * step)
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("dimensions", [3, 6])
def test_density_is_normalised(dimensions):
    posterior, q = PowerSpherical(), parameters(dimensions, 4.0)
    z = UniformSphere().sample(shape=(100_000, dimensions), seed=1)
    many = SphericalParameters(*(tf.repeat(part, len(z), 0) for part in q))
    weights = np.exp(posterior.log_prob(z, many) + log_area(dimensions))
    error = weights.std() / np.sqrt(len(z))
    assert abs(weights.mean() - 1.0) < 4 * error


@each_setting
def test_draws(dimensions, concentration):
    q = parameters(dimensions, concentration, rows=20_000)
    q = q._replace(mean=tf.repeat(q.mean[:1], 20_000, 0))
    z = np.array(PowerSpherical().sample(q, seed=3), "float64")
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1.0, atol=1e-5)
    cosine = z @ np.array(q.mean[0], "float64")
    beta = (dimensions - 1) / 2
    alpha = beta + concentration
    expected = (alpha - beta) / (alpha + beta)
    error = cosine.std() / np.sqrt(len(z))
    assert abs(cosine.mean() - expected) < 4.5 * error + 1e-6
    # What is beside μ has no direction of its own.
    beside = z - cosine[:, None] * np.array(q.mean[0], "float64")
    spread = beside.std(axis=0).max() / np.sqrt(len(z))
    assert np.abs(beside.mean(axis=0)).max() < 5 * spread


@pytest.mark.parametrize("dimensions", [3, 5])
def test_gradient_of_a_draw_is_that_of_its_mean(dimensions):
    """E[t] = κ / (κ + d − 1); a biased gradient shows for d = 5."""
    q = parameters(dimensions, 2.0, rows=60_000)
    q = q._replace(mean=tf.repeat(q.mean[:1], 60_000, 0))
    with tf.GradientTape() as tape:
        tape.watch(q.concentration)
        z = PowerSpherical().sample(q, seed=5)
        cosine = tf.reduce_sum(z * q.mean, -1)
    gradients = np.array(tape.gradient(cosine, q.concentration))[:, 0]
    expected = (dimensions - 1) / (2.0 + dimensions - 1) ** 2
    error = gradients.std() / np.sqrt(len(gradients))
    assert abs(gradients.mean() - expected) < 4 * error


@pytest.mark.parametrize("mean", [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 1e-8, 0.0]])
@pytest.mark.parametrize("concentration", [1e-3, 1e4])
def test_gradients_are_finite_everywhere(mean, concentration):
    posterior = PowerSpherical()
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


@pytest.mark.parametrize(
    "mean", [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 1e-5, 0.0], [0.2, -0.8, 0.5]]
)
def test_draws_follow_the_direction_from_every_pole(mean):
    """E[z] = E[t]·μ, whose derivative along a is E[t]·(a − (aᵀμ)μ)."""
    rows, towards = 20_000, np.array([0.3, -0.7, 0.2])
    direction = tf.constant([mean] * rows, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(direction)
        q = SphericalParameters(unit(direction), tf.fill((rows, 1), 5.0))
        reached = tf.reduce_sum(PowerSpherical().sample(q, seed=2) * towards, -1)
    gradients = np.array(tape.gradient(reached, direction), "float64")
    length = np.linalg.norm(mean)
    mu = np.array(mean) / length
    expected = 5 / 7 * (towards - (towards @ mu) * mu) / length
    error = gradients.std(axis=0) / np.sqrt(rows)
    assert (np.abs(gradients.mean(axis=0) - expected) < 4 * error + 1e-6).all()
    # Nor does it scatter more where the direction is a pole.
    assert np.abs(gradients).max() < 5.0


def test_a_network_that_gives_no_direction():
    """As one of rectified layers gives of a black image, before it is trained."""
    outputs = tf.zeros((2, 3)), tf.zeros((2, 1))
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        q = PowerSpherical().from_network(outputs)
        z = PowerSpherical().sample(q, seed=0)
        loss = tf.reduce_sum(PowerSpherical().log_prob(z, q))
    np.testing.assert_allclose(np.linalg.norm(q.mean, axis=-1), 1.0)
    gradients = tape.gradient(loss, outputs)
    np.testing.assert_array_equal(gradients[0], 0.0)
    assert np.isfinite(gradients[1]).all()


def test_shapes_that_differ_are_refused():
    posterior, z = PowerSpherical(), np.eye(3, dtype="float32")
    with pytest.raises(ValueError, match=r"`value` and `mean` must have the same.*4"):
        posterior.log_prob(z, np.ones((3, 5), "float32"))
    with pytest.raises(ValueError, match=r"at least 2 dimensions.*dimensions=1"):
        posterior.log_prob(z, np.ones((3, 2), "float32"))


def test_values_of_other_precision_are_taken():
    posterior, z = PowerSpherical(), np.eye(3)
    assert posterior.log_prob(z, np.ones((3, 4))).dtype == "float32"
    assert UniformSphere().log_prob(z).dtype == "float32"


@pytest.mark.all
@pytest.mark.filterwarnings("ignore:Model doesn't support `jit_compile=True`")
def test_where_xla_is_asked_for_it_trains_without():
    """XLA has no gamma distribution; Keras chooses XLA by itself on GPUs."""
    model = VAE(**dense_networks(), posterior="power_spherical", prior="uniform_sphere")
    model.compile("adam", jit_compile=True)
    assert np.isfinite(model.fit(images(4), verbose=0).history["loss"]).all()


def test_maps_hold_a_vector_at_each_position():
    posterior = PowerSpherical()
    raw = tf.constant(np.random.default_rng(0).normal(size=(4, 2, 3, 6)), tf.float32)
    assert posterior.parameters_shape((2, 3, 5)) == (2, 3, 6)
    z = posterior.sample(raw, seed=0)
    assert z.shape == (4, 2, 3, 5)
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1.0, atol=1e-5)
    flat = tf.reshape(raw, (24, 6))
    by_vector = posterior.log_prob(tf.reshape(z, (24, 5)), flat)
    expected = np.reshape(by_vector, (4, 6)).sum(axis=1)
    np.testing.assert_allclose(posterior.log_prob(z, raw), expected, rtol=1e-5)
    kl = np.reshape(posterior.kl(flat, UniformSphere(), None), (4, 6)).sum(axis=1)
    np.testing.assert_allclose(posterior.kl(raw, UniformSphere(), z), kl, rtol=1e-5)
    np.testing.assert_allclose(UniformSphere().log_prob(z), -6 * log_area(5), rtol=1e-5)


def test_uniform_draws():
    z = np.array(UniformSphere().sample(shape=(20_000, 4), seed=2))
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(np.cov(z.T), np.eye(4) / 4, atol=0.01)


def test_divergence_from_another_prior_is_at_the_draw():
    assert PowerSpherical().closed_kl(parameters(3, 2.0), Normal()) is None


@pytest.mark.parametrize(
    "use",
    [
        lambda: PowerSpherical().parameters_shape((1,)),
        lambda: UniformSphere().sample(shape=(3, 1)),
        lambda: UniformSphere().log_prob(tf.ones((3, 1))),
    ],
)
def test_too_few_dimensions(use):
    with pytest.raises(ValueError, match=r"at least 2 dimensions.*dimensions=1"):
        use()


@pytest.mark.parametrize("first", [4, 5, 7])
def test_replicas_draw_what_one_draws(two_replicas, first):
    q = parameters(3, 2.0, rows=7)
    scale = tf.constant(np.linspace(0.1, 9.0, 7)[:, None], tf.float32)
    q = q._replace(concentration=scale)
    posterior = PowerSpherical()
    with two_replicas.scope():
        generators = [keras.random.SeedGenerator(4) for _ in range(2)]
    expected = posterior.sample(q, seed=keras.random.SeedGenerator(4))

    def part(context):
        rows = (
            slice(0, first)
            if context.replica_id_in_sync_group == 0
            else slice(first, 7)
        )
        return tf.concat([q.mean[rows], q.concentration[rows]], -1)

    parts = two_replicas.experimental_distribute_values_from_function(part)

    def draw(rows):
        count = tf.shape(rows)[0]
        missing = tf.maximum(1 - count, 0)
        share = replica_share(count)
        rows = tf.pad(rows, [[0, missing], [0, 0]])
        with sharing(share):
            own = SphericalParameters(rows[:, :3], rows[:, 3:])
            return posterior.sample(own, seed=generators[0])[:count]

    drawn = two_replicas.run(draw, (parts,))
    found = np.concatenate(
        [np.array(d) for d in two_replicas.experimental_local_results(drawn)]
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.all
@pytest.mark.parametrize("first", [4, 6])
def test_gradients_on_replicas_are_those_of_one(two_replicas, first):
    mean = parameters(3, 2.0, rows=7).mean
    concentrations = tf.constant(np.linspace(0.1, 9.0, 7)[:, None], tf.float32)
    posterior = PowerSpherical()

    def slopes(mean, concentration):
        with tf.GradientTape() as tape:
            tape.watch(concentration)
            z = posterior.sample(SphericalParameters(mean, concentration), seed=4)
            cosine = tf.reduce_sum(z * mean)
        return tape.gradient(cosine, concentration)

    def part(context):
        is_first = context.replica_id_in_sync_group == 0
        rows = slice(0, first) if is_first else slice(first, 7)
        return tf.concat([mean[rows], concentrations[rows]], axis=-1)

    parts = two_replicas.experimental_distribute_values_from_function(part)

    @tf.function
    def run():
        return two_replicas.run(lambda p: slopes(p[:, :3], p[:, 3:]), (parts,))

    found = np.concatenate(two_replicas.experimental_local_results(run()))
    np.testing.assert_allclose(found, slopes(mean, concentrations), rtol=1e-5)
