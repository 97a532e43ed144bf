"""The masked autoregressive flow: a density that sums to one, and its draws."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import keras_latent as kl
from keras_latent.samplers import MaskedAutoregressiveFlow, Normal


class Banana:
    """A model whose codes are its images: two numbers."""

    name, code_shape, condition, posterior = "banana", (2,), None, None
    weights = ()

    def encode(self, x, batch_size=None):
        return x

    def decode(self, z, batch_size=None):
        return z


def banana(count, seed):
    generator = np.random.default_rng(seed)
    first = generator.normal(0, 1, count)
    second = first**2 + generator.normal(0, 0.3, count)
    return np.stack([first, second], axis=1)


def energy_distance(a, b):
    return 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()


@pytest.mark.all
def test_a_bent_density(tmp_path):
    codes, unseen = banana(512, seed=0), banana(500, seed=1)
    sampler = MaskedAutoregressiveFlow(
        Banana(), units=32, epochs=60, learning_rate=5e-3, verbose=0
    ).fit(codes)
    normal = Normal(Banana()).fit(codes)
    # A normal distribution can't bend.
    gain = sampler.log_prob(unseen).mean() - normal.log_prob(unseen).mean()
    assert gain > 0.5, gain

    axes = np.linspace(-5, 5, 160), np.linspace(-4, 16, 320)
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    area = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    np.testing.assert_allclose(np.exp(sampler.log_prob(grid)).sum() * area, 1, 0.03)

    drawn = sampler.sample_codes(2000, seed=2)
    reached = energy_distance(drawn, unseen)
    straight = energy_distance(normal.sample_codes(2000, seed=2), unseen)
    assert reached < straight / 3, (reached, straight)
    sampler.save(tmp_path / "flow.npz")
    loaded = kl.load_sampler(tmp_path / "flow.npz", Banana())
    np.testing.assert_array_equal(loaded.log_prob(unseen), sampler.log_prob(unseen))
    np.testing.assert_array_equal(loaded.sample_codes(2000, seed=2), drawn)
