"""The second variational autoencoder: a ring, the same after a kill, and draws."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import keras_latent as kl
from keras_latent.samplers import Normal, TwoStage


class Ring:
    """A model whose codes are its images: two numbers."""

    name, code_shape, condition, posterior = "ring", (2,), None, None
    weights = ()

    def encode(self, x, batch_size=None):
        return x

    def decode(self, z, batch_size=None):
        return z


def ring(count, seed):
    generator = np.random.default_rng(seed)
    angle = generator.uniform(0, 2 * np.pi, count)
    radius = generator.normal(3, 0.1, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def energy_distance(a, b):
    return 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()


@pytest.mark.all
def test_a_ring(tmp_path):
    codes, unseen = ring(1024, seed=0), ring(1000, seed=1)
    sampler = TwoStage(
        Ring(), units=48, epochs=40, batch_size=64, learning_rate=4e-3, verbose=0
    )
    drawn = sampler.fit(codes).sample_codes(1000, seed=2)
    reached = energy_distance(drawn, unseen)
    normal = Normal(Ring()).fit(codes).sample_codes(1000, seed=2)
    straight = energy_distance(normal, unseen)
    assert reached < 0.5 * straight, (reached, straight)
    sampler.save(tmp_path / "two_stage.npz")
    loaded = kl.load_sampler(tmp_path / "two_stage.npz", Ring())
    np.testing.assert_allclose(loaded.sample_codes(1000, seed=2), drawn, 1e-5, 1e-5)
    assert (loaded.sample_codes(1000, seed=3) != drawn).any()


@pytest.mark.all
def test_a_killed_fit_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    images = np.random.default_rng(0).random((32, 8, 8, 1), "float32")
    vae = kl.models.VAE.for_images((8, 8, 1), latent_dim=2)
    path = tmp_path / "fit.checkpoint"
    arguments = {"units": 8, "epochs": 4, "batch_size": 16, "verbose": 0}
    whole = TwoStage(vae, **arguments).fit(images)

    def killed(checkpoint, epochs, total):
        reached(checkpoint, epochs, total)
        if epochs == 2:
            raise KeyboardInterrupt

    module = kl.samplers.training
    reached = module.Checkpoint.reached
    with monkeypatch.context() as patch:
        patch.setattr(module.Checkpoint, "reached", killed)
        with pytest.raises(KeyboardInterrupt):
            TwoStage(vae, **arguments, checkpoint=path).fit(images)
    assert path.exists()
    with pytest.raises(ValueError, match="of a fit with the same arguments"):
        TwoStage(vae, **{**arguments, "units": 9}, checkpoint=path).fit(images)
    resumed = TwoStage(vae, **arguments, checkpoint=path).fit(images)
    assert not path.exists()
    assert whole.state.keys() == resumed.state.keys()
    for name, expected in whole.state.items():
        np.testing.assert_allclose(resumed.state[name], expected, 1e-4, 1e-6)
    # What was drawn of the posteriors is wider than their means.
    means = np.asarray(vae.encode(images)).std(axis=0)
    assert (whole.state["code_scale"] > means).all()
    assert whole.sample(3, seed=0).shape == (3, 8, 8, 1)


def test_refused():
    with pytest.raises(ValueError, match=r"at least 2, .*Received: 1 images"):
        TwoStage(Ring(), units=4, epochs=1).fit(ring(1, seed=0))
    with pytest.raises(ValueError, match="must be fitted before"):
        TwoStage(Ring()).sample(2)
    with pytest.raises(ValueError, match=r"`units`.*Received: units=0"):
        TwoStage(Ring(), units=0)
    fitted = TwoStage(Ring(), units=4, epochs=1, verbose=0).fit(ring(8, seed=0))
    with pytest.raises(ValueError, match="`log_prob` of TwoStage isn't known"):
        fitted.log_prob(ring(2, seed=0))
