"""The mixture of posteriors, against NumPy and SciPy."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import keras_latent as kl
from keras_latent.samplers import Vamp

IMAGES = np.random.default_rng(0).random((40, 8, 8, 1), "float32")


@pytest.fixture(scope="module")
def vae():
    return kl.models.VAE.for_images((8, 8, 1), latent_dim=3)


def test_density_and_draws_are_those_of_the_mixture(vae, tmp_path):
    sampler = Vamp(vae, components=40).fit(IMAGES)
    mean, log_var = (np.asarray(part) for part in vae.posteriors(IMAGES))
    codes = np.random.default_rng(1).normal(size=(7, 3)).astype("float32")
    pairs = stats.norm.logpdf(codes[:, None], mean, np.exp(log_var / 2)).sum(axis=2)
    expected = logsumexp(pairs, axis=1) - np.log(40)
    np.testing.assert_allclose(sampler.log_prob(codes), expected, 1e-5)

    drawn = sampler.sample_codes(20000, seed=0)
    variance = np.exp(log_var).mean(axis=0) + mean.var(axis=0)
    np.testing.assert_allclose(drawn.mean(axis=0), mean.mean(axis=0), atol=0.04)
    np.testing.assert_allclose(drawn.var(axis=0) / variance, 1, atol=0.05)
    assert (sampler.sample_codes(3, seed=1) != drawn[:3]).any()

    sampler.save(tmp_path / "vamp.npz")
    loaded = kl.load_sampler(tmp_path / "vamp.npz", vae)
    np.testing.assert_array_equal(loaded.log_prob(codes), sampler.log_prob(codes))
    np.testing.assert_array_equal(loaded.sample(3, seed=0), sampler.sample(3, seed=0))


def test_components_are_some_of_the_images(vae):
    every = Vamp(vae, components=40).fit(IMAGES).state["posteriors"]
    one, other = (Vamp(vae, 5, seed).fit(IMAGES).state["posteriors"] for seed in (0, 1))
    for some in (one, other):
        assert len(some) == 5
        distances = np.abs(some[:, None] - every).max(axis=2)
        assert distances.min(axis=1).max() < 1e-6
        assert len(set(distances.argmin(axis=1))) == 5
    assert (one != other).any()


@pytest.mark.parametrize(
    ("posterior", "prior"),
    [("power_spherical", "uniform_sphere"), ("wrapped_normal", "wrapped_normal")],
)
def test_posteriors_of_other_spaces(posterior, prior):
    vae = kl.models.VAE.for_images((8, 8, 1), 3, posterior=posterior, prior=prior)
    sampler = Vamp(vae, components=6).fit(IMAGES[:6])
    codes = sampler.sample_codes(4, seed=0)
    if posterior == "power_spherical":
        np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, 1e-6)
    q = vae.posteriors(IMAGES[:6])
    pairs = [
        np.asarray(vae.posterior.log_prob(np.tile(code, (6, 1)), q)) for code in codes
    ]
    expected = logsumexp(pairs, axis=1) - np.log(6)
    np.testing.assert_allclose(sampler.log_prob(codes), expected, 1e-4, atol=1e-5)


def test_refused(vae):
    with pytest.raises(ValueError, match=r"must have a posterior.*model=Autoencoder"):
        Vamp(kl.models.Autoencoder.for_images((8, 8, 1), latent_dim=3))
    with pytest.raises(ValueError, match=r"at least 41, .*Received: 40 images"):
        Vamp(vae, components=41).fit(IMAGES)
    with pytest.raises(ValueError, match="must be fitted before"):
        Vamp(vae).sample(2)
    with pytest.raises(ValueError, match=r"`components`.*Received: components=0"):
        Vamp(vae, components=0)
