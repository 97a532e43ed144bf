"""BiGAN: against NumPy, who moves what, and what a constant critic teaches."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_latent.models import BiGAN
from keras_latent.typing import Batch
from tests.models.cases import dense_networks, images, joint_critic, mixed_networks
from tests.models.gradients import softplus
from tests.models.players import assert_moves_alone

X = images(5)
Z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
PLAYERS = ("model", "discriminator")


def build(**arguments):
    return BiGAN(
        **dense_networks(), **{"discriminator": joint_critic(), "seed": 1, **arguments}
    )


def test_terms_against_numpy(monkeypatch):
    model = build()
    monkeypatch.setattr(model.prior, "sample_like", lambda like, seed: ops.array(Z))
    terms = model.objective(Batch(ops.array(X)), True)
    dense, last = model.discriminator.layers[-2:]

    def logit(x, z):
        both = np.concatenate([np.reshape(x, (5, -1)), z], axis=-1)
        hidden = np.tanh(both @ np.array(dense.kernel) + np.array(dense.bias))
        return (hidden @ np.array(last.kernel) + np.array(last.bias))[:, 0]

    encoded, decoded = logit(X, model.encode(X)), logit(model.decode(Z), Z)
    np.testing.assert_allclose(
        terms["adversarial"], softplus(encoded) + softplus(-decoded), rtol=1e-5
    )
    np.testing.assert_allclose(
        terms["discrimination"], softplus(-encoded) + softplus(decoded), rtol=1e-5
    )
    error = 0.5 * ((X - model.reconstruct(X)) ** 2).sum((1, 2, 3))
    np.testing.assert_allclose(
        terms["reconstruction"], error + 6 * np.log(2 * np.pi), rtol=1e-5
    )


@pytest.mark.parametrize("moving", PLAYERS)
def test_a_players_step_leaves_the_other_bit_for_bit(moving):
    assert_moves_alone(build(), moving, X)


def test_a_constant_critic_teaches_nothing():
    model = build()
    last = model.discriminator.layers[-1]
    last.kernel.assign(0.0 * last.kernel)
    model.compile({n: keras.optimizers.SGD(0.3) for n in PLAYERS}, run_eagerly=True)
    before = [v.numpy() for v in model.players()["model"].variables]
    model.fit(X, batch_size=5, verbose=0)
    for a, b in zip(model.players()["model"].variables, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_does_not_fit():
    message = r"`discriminator` must take an image and a code, .*\(None, 5\)"
    with pytest.raises(ValueError, match=message):
        build(discriminator=keras.Sequential([keras.Input((5,)), layers.Dense(1)]))
    with pytest.raises(ValueError, match=r"`discriminator` must be a Keras model.*gan"):
        build(discriminator="gan")
    likelihood = {"image": "gaussian", "category": "categorical"}
    with pytest.raises(ValueError, match=r"`decoder` must give one tensor"):
        BiGAN(**mixed_networks(), likelihood=likelihood)
