"""The volume of the metric and its gradient, and the chains that follow them."""

import numpy as np
import pytest

import keras_latent as kl
from keras_latent.samplers import Manifold
from keras_latent.samplers.hamiltonian import hamiltonian_chains

IMAGES = np.random.default_rng(0).random((30, 8, 8, 1), "float32")


@pytest.fixture(scope="module", params=["VAE", "Autoencoder"])
def model(request):
    return getattr(kl.models, request.param).for_images((8, 8, 1), latent_dim=3)


def expected_log_volume(model, points, temperature, regularization):
    """As the docstring says it, with whole matrices."""
    codes = np.asarray(model.encode(IMAGES), "float64")
    mean, scale = codes.mean(axis=0), codes.std(axis=0)
    centres = (codes - mean) / scale
    variances = np.ones_like(codes)
    if model.has_prior:
        variances = np.exp(np.asarray(model.posteriors(IMAGES)[1])) / scale**2
    volumes = []
    for point in points:
        metric = regularization * np.eye(3)
        for centre, variance in zip(centres, variances, strict=True):
            weight = np.exp(-np.square(point - centre).sum() / temperature**2)
            metric += np.linalg.inv(np.diag(variance)) * weight
        volumes.append(0.5 * np.linalg.slogdet(metric)[1])
    return np.array(volumes)


def test_volume_and_gradient(model):
    sampler = Manifold(model, temperature=1.5).fit(IMAGES)
    points = np.random.default_rng(1).normal(size=(5, 3))
    found, gradient = sampler.log_volume_and_gradient(points)
    expected = expected_log_volume(model, points, 1.5, 0.01)
    np.testing.assert_allclose(found, expected, 1e-5)
    step = 1e-5
    for axis, unit in enumerate(step * np.eye(3)):
        above, _ = sampler.log_volume_and_gradient(points + unit)
        below, _ = sampler.log_volume_and_gradient(points - unit)
        slope = (above - below) / (2 * step)
        np.testing.assert_allclose(gradient[:, axis], slope, 1e-5, 1e-7)


def test_draws_and_files(model, tmp_path):
    sampler = Manifold(model, centroids=10, steps=20).fit(IMAGES)
    centres = sampler.state["centres"]
    assert centres.shape == (10, 3)
    gaps = np.linalg.norm(centres[:, None] - centres, axis=2) + 1e9 * np.eye(10)
    np.testing.assert_allclose(sampler.state["temperature"], gaps.min(axis=1).max())
    drawn = sampler.sample_codes(50, seed=0)
    state = sampler.state
    standardised = (drawn - state["code_mean"]) / state["code_scale"]
    distances = np.linalg.norm(standardised[:, None] - centres, axis=2).min(axis=1)
    assert 1e-3 < distances.max() <= 3 * state["temperature"] + 1e-3
    assert (sampler.sample_codes(50, seed=1) != drawn).any()
    sampler.save(tmp_path / "manifold.npz")
    loaded = kl.load_sampler(tmp_path / "manifold.npz", model)
    np.testing.assert_array_equal(loaded.sample_codes(50, seed=0), drawn)
    assert loaded.sample(2, seed=0).shape == (2, 8, 8, 1)


def test_beyond_all_codes_is_no_volume(model):
    sampler = Manifold(model, temperature=1.0).fit(IMAGES)
    far = np.add(sampler.state["centres"][:1], [20.0, 0.0, 0.0])
    assert sampler.log_volume_and_gradient(far)[0] == -np.inf


def correlated(points):
    """A normal distribution with the mean (1, -2)."""
    precision = np.linalg.inv([[1.0, 0.6], [0.6, 0.5]])
    slope = -(points - [1.0, -2.0]) @ precision
    return 0.5 * (slope * (points - [1.0, -2.0])).sum(axis=1), slope


def test_chains_reach_a_known_target():
    generator = np.random.default_rng(0)
    chains = hamiltonian_chains(
        correlated, np.zeros((4000, 2)), generator, 30, 6, step_size=0.2
    )
    np.testing.assert_allclose(chains.points.mean(axis=0), [1, -2], atol=0.05)
    np.testing.assert_allclose(
        np.cov(chains.points.T), [[1.0, 0.6], [0.6, 0.5]], atol=0.06
    )
    assert 0.9 < chains.accepted < 1
    # Large steps are mended by what is accepted.
    coarse = hamiltonian_chains(
        correlated, chains.points, generator, 30, 3, step_size=0.55
    )
    assert 0.3 < coarse.accepted < chains.accepted
    np.testing.assert_allclose(
        np.cov(coarse.points.T), [[1.0, 0.6], [0.6, 0.5]], atol=0.08
    )


def test_small_steps_keep_the_energy():
    start = np.random.default_rng(1).normal(size=(200, 2))
    chains = hamiltonian_chains(
        correlated, start, np.random.default_rng(2), 3, 10, step_size=1e-3
    )
    assert chains.accepted > 0.999
    assert 0 < np.abs(chains.points - start).max() < 0.3


def test_refused(model):
    with pytest.raises(ValueError, match=r"at least 2, .*Received: 1 images"):
        Manifold(model).fit(IMAGES[:1])
    with pytest.raises(ValueError, match="must be fitted before"):
        Manifold(model).sample(2)
    with pytest.raises(ValueError, match="`log_prob` of Manifold isn't known"):
        Manifold(model).fit(IMAGES).log_prob(np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"`step_size`.*Received: step_size=0"):
        Manifold(model, step_size=0)
    sphere = kl.models.VAE.for_images(
        (8, 8, 1), 3, posterior="power_spherical", prior="uniform_sphere"
    )
    with pytest.raises(ValueError, match=r"real numbers.*'sphere'"):
        Manifold(sphere)


def test_chains_that_stay_where_they_begin_are_told_of(model):
    sampler = Manifold(model, steps=10, step_size=1e3).fit(IMAGES)
    with pytest.warns(UserWarning, match=r"0\.0% were accepted.*`step_size`.* 1000"):
        sampler.sample_codes(5, seed=0)
