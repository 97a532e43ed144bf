"""The adversarial autoencoder: against NumPy, its parent, and its players."""

import keras
import numpy as np
import pytest

from keras_latent import distributions
from keras_latent.models import AdversarialAutoencoder, Autoencoder
from keras_latent.typing import Batch
from tests.models.cases import LATENT_DIM, critic, dense_networks, images
from tests.models.gradients import softplus

pytestmark = pytest.mark.usefixtures("eagerly")

X = images(7)
PLAYERS = ("model", "discriminator")


def build(**arguments):
    given = {"discriminator": critic(), "seed": 1, **arguments}
    return AdversarialAutoencoder(**dense_networks(), **given)


def test_terms_against_numpy(monkeypatch):
    model = build()
    z = model.encode(X)
    drawn = np.random.default_rng(0).normal(size=z.shape).astype("float32")
    monkeypatch.setattr(model.prior, "sample_like", lambda like, seed: drawn)
    terms = model.objective(Batch(X), False)
    told, real = (np.array(model.discriminator(codes))[:, 0] for codes in (z, drawn))
    np.testing.assert_allclose(terms["adversarial"], softplus(-told), rtol=1e-5)
    expected = softplus(-real) + softplus(told)
    np.testing.assert_allclose(terms["discrimination"], expected, rtol=1e-5)
    error = 0.5 * ((X - model.decode(z)) ** 2).sum((1, 2, 3)) + 6 * np.log(2 * np.pi)
    np.testing.assert_allclose(terms["reconstruction"], error, rtol=1e-5)


def prior_draws(model, count):
    like = np.zeros((count, LATENT_DIM), "float32")
    return np.array(model.prior.sample_like(like, model.prior_seed))


def test_draws_are_the_priors():
    drawn = prior_draws(build(), 4000)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.0, atol=0.08)
    np.testing.assert_allclose(drawn.var(axis=0), 1.0, atol=0.1)
    sphere = build(prior=distributions.UniformSphere())
    drawn = prior_draws(sphere, 5)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=-1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("still", PLAYERS)
def test_a_players_step_leaves_the_other_bit_for_bit(still):
    model = build()
    model.compile(
        {n: keras.optimizers.SGD(0.0 if n == still else 0.5) for n in PLAYERS}
    )
    players = model.players()
    before = {n: [v.numpy() for v in p.variables] for n, p in players.items()}
    model.fit(X, batch_size=7, verbose=0)
    for a, b in zip(players[still].variables, before[still], strict=True):
        np.testing.assert_array_equal(a, b)
    (moving,) = set(PLAYERS) - {still}
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(players[moving].variables, before[moving], strict=True)
    )


def test_the_players_own_everything_but_what_is_the_others():
    model = build()
    owned = [id(v) for p in model.players().values() for v in p.variables]
    assert sorted(owned) == sorted(id(v) for v in model.trainable_variables)


def test_without_its_weight_it_is_the_autoencoder():
    model = build(adversarial_weight=0.0)
    parent = Autoencoder(**dense_networks())
    names = ("encoder", "code", "decoder")
    for name in names:
        getattr(parent, name).set_weights(getattr(model, name).get_weights())
    model.compile({n: keras.optimizers.SGD(0.3) for n in PLAYERS})
    parent.compile(keras.optimizers.SGD(0.3))
    fit = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    losses = [m.fit(X, **fit).history["loss"] for m in (model, parent)]
    np.testing.assert_allclose(*losses, rtol=1e-6)
    for name in names:
        for a, b in zip(
            getattr(parent, name).get_weights(),
            getattr(model, name).get_weights(),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.all
def test_codes_go_where_the_discriminator_takes_them_for_the_priors():
    """A discriminator that is right of N(0, I) and N(4, I), and rests."""
    code = keras.Input((LATENT_DIM,))
    judge = keras.Model(code, keras.layers.Dense(1)(code))
    # log N(z; 0, I) − log N(z; 4, I) = Σ 8 − 4z.
    judge.layers[-1].set_weights([np.full((LATENT_DIM, 1), -4.0), np.array([24.0])])
    model = build(discriminator=judge)
    model.reconstruction_weight = 0.0
    kernel, bias = model.code.get_weights()
    model.code.set_weights([kernel, bias + 4.0])
    before = model.encode(X).mean()
    rates = {"model": 0.05, "discriminator": 0.0}
    model.compile({n: keras.optimizers.Adam(rate) for n, rate in rates.items()})
    logs = model.fit(X, epochs=40, verbose=0).history
    assert before > 3.5
    assert model.encode(X).mean() < 2.0
    assert logs["adversarial"][-1] < 0.5 * logs["adversarial"][0]


def test_it_generates():
    model = build()
    drawn = model.sample(4, seed=3)
    np.testing.assert_array_equal(drawn, model.sample(4, seed=3))
    assert drawn.shape == (4, *X.shape[1:])
    assert np.abs(drawn - model.sample(4, seed=4)).max() > 0.0
    assert model.has_prior
    with pytest.raises(ValueError, match=r"`n` must be a positive integer.*=0"):
        model.sample(0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"adversarial_weight": -1}, r"`adversarial_weight`.*=-1"),
        ({"prior": "laplace"}, r"`prior` must be one of.*'laplace'"),
        ({"discriminator": "mlp"}, r"`discriminator` must be a Keras model.*'mlp'"),
        (
            {"discriminator": dense_networks()["decoder"]},
            r"`discriminator` must take values of shape \(None, 3\)",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)
