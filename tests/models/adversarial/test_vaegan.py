"""VAE-GAN: against NumPy, who moves what, and the balance of the players."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_latent.models import VAEGAN
from keras_latent.typing import Batch
from tests.models.cases import (
    IMAGE_SHAPE,
    dense_networks,
    images,
    mixed_networks,
    patch_critic,
)
from tests.models.gradients import softplus

X = images(7)
PLAYERS = ("encoder", "decoder", "discriminator")


def build(**arguments):
    given = {"discriminator": patch_critic(), "margin": 9.0, "seed": 1, **arguments}
    return VAEGAN(**dense_networks(), **given)


def test_terms_against_numpy(monkeypatch):
    model = build()
    random = np.random.default_rng(0)
    drawn = random.normal(size=(7, 3)).astype("float32")
    monkeypatch.setattr(model.prior, "sample_like", lambda like, seed: drawn)
    latent = model.infer(X, False)
    monkeypatch.setattr(model, "infer", lambda x, training: latent)
    terms = model.objective(Batch(X), False)
    mean, other = model.decode(np.array(latent.z)), model.decode(drawn)
    real, told, drawn_told = (
        np.array(model.discriminator(x)).mean((1, 2, 3)) for x in (X, mean, other)
    )
    first = model.discriminator.layers[0]
    distance = 0.5 * ((first(X) - np.array(first(mean))) ** 2)
    distance = np.array(distance).sum((1, 2, 3))
    for term in ("feature", "decoder_feature"):
        np.testing.assert_allclose(terms[term], distance, rtol=1e-5)
    np.testing.assert_allclose(
        terms["adversarial"], softplus(-told) + softplus(-drawn_told), rtol=1e-5
    )
    fake = (softplus(told) + softplus(drawn_told)) / 2
    expected = 0.5 * softplus(-real) + 0.5 * fake
    np.testing.assert_allclose(terms["discrimination"], expected, rtol=1e-5)
    np.testing.assert_allclose(terms["real"], softplus(-real), rtol=1e-5)
    np.testing.assert_allclose(terms["fake"], fake, rtol=1e-5)
    mu, log_var = map(np.array, latent.q)
    kl = 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var).sum(axis=-1)
    np.testing.assert_allclose(terms["kl"], kl, rtol=1e-5)
    error = 0.5 * ((X - mean) ** 2).sum((1, 2, 3)) + 6 * np.log(2 * np.pi)
    np.testing.assert_allclose(terms["reconstruction"], error, rtol=1e-5)


@pytest.mark.parametrize("moving", PLAYERS)
def test_a_players_step_leaves_the_others_bit_for_bit(moving):
    model = build()
    model.compile(
        {n: keras.optimizers.SGD(0.3 if n == moving else 0.0) for n in PLAYERS},
        run_eagerly=True,
    )
    players = model.players()
    before = {n: [v.numpy() for v in p.variables] for n, p in players.items()}
    model.fit(X, batch_size=7, verbose=0)
    for name, player in players.items():
        same = [
            np.array_equal(a, b)
            for a, b in zip(player.variables, before[name], strict=True)
        ]
        assert all(same) == (name != moving), name


def test_the_players_own_everything_but_what_is_the_others():
    model = build()
    owned = [id(v) for p in model.players().values() for v in p.variables]
    assert sorted(owned) == sorted(id(v) for v in model.trainable_variables)


@pytest.mark.parametrize(
    ("real", "fake", "resting"),
    [
        (0.69, 0.69, set()),
        (0.20, 0.69, {"discriminator"}),
        (0.69, 0.20, {"discriminator"}),
        (1.10, 0.69, {"decoder"}),
        (0.69, 1.10, {"decoder"}),
        (0.20, 1.10, set()),
    ],
)
def test_balance(real, fake, resting):
    means = {"real": np.float32(real), "fake": np.float32(fake)}
    players = build(margin=0.35).players()
    gates = {name: players[name].gate for name in ("decoder", "discriminator")}
    assert {name for name, gate in gates.items() if not bool(gate(means))} == resting
    assert players["encoder"].gate is None


def test_a_discriminator_that_is_ahead_rests():
    model = build(margin=0.1)
    bias = model.discriminator.layers[-1].bias
    kernel = model.discriminator.layers[-1].kernel
    kernel.assign(0.0 * kernel)
    bias.assign([3.0])  # What is real costs 0.05, what is not 3.05: both would rest.
    model.compile({n: keras.optimizers.SGD(0.1) for n in PLAYERS})
    model.fit(X, batch_size=7, verbose=0)
    assert float(bias[0]) != 3.0
    bias.assign([0.2])  # 0.60 and 0.80: the decoder alone would rest, below 0.78.
    model.margin = 0.1
    decoder = [v.numpy() for v in model.decoder.trainable_variables]
    model.fit(X, batch_size=7, verbose=0)
    assert float(bias[0]) != np.float32(0.2)
    for a, b in zip(model.decoder.trainable_variables, decoder, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_layer_of_features_may_be_chosen():
    critic = keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            layers.Flatten(name="pixels"),
            layers.Dense(3, name="hidden"),
            layers.Dense(1),
        ]
    )
    model = build(discriminator=critic, feature_layer="pixels")
    features, _ = model._judged(X, False)
    np.testing.assert_array_equal(features, X.reshape(7, -1))
    features, _ = build(discriminator=critic)._judged(X, False)
    assert features.shape == (7, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"feature_weight": -1}, r"`feature_weight`.*=-1"),
        ({"margin": -1}, r"`margin`.*=-1"),
        ({"feature_layer": "last"}, r"`feature_layer` must be the name.*'last'"),
        ({"discriminator": "gan"}, r"`discriminator` must be a Keras model.*'gan'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_a_dict_has_no_patches():
    likelihood = {"image": "gaussian", "category": "categorical"}
    with pytest.raises(ValueError, match=r"`decoder` must give one tensor"):
        VAEGAN(**mixed_networks(), likelihood=likelihood)
