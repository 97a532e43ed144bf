"""FactorVAE: against NumPy, the VAE that it is without its weight, and its players."""

import keras
import numpy as np
import pytest

from keras_latent.models import VAE, FactorVAE
from keras_latent.models.variational import permutation
from keras_latent.models.variational.permutation import permuted_columns
from keras_latent.typing import Batch
from tests.models.cases import LATENT_DIM, critic, dense_networks, images
from tests.models.gradients import softplus

pytestmark = pytest.mark.usefixtures("eagerly")

X = images(7)


def build(**arguments):
    return FactorVAE(
        **dense_networks(), **{"discriminator": critic(), "seed": 1, **arguments}
    )


def test_terms_against_numpy(monkeypatch):
    model, seen = build(), []

    def watched(z, seed):
        seen.append((z, permuted_columns(z, seed)))
        return seen[-1][1]

    monkeypatch.setattr(permutation, "permuted_columns", watched)
    state = model.noise.seed_generator.state.numpy()
    terms = model.objective(Batch(X), False)
    model.noise.seed_generator.state.assign(state)
    z = np.array(model.infer(X, False).z)
    logit = np.array(model.discriminator(z))[:, 0]
    np.testing.assert_allclose(terms["total_correlation"], logit, rtol=1e-5)
    second, shuffled = map(np.array, seen[0])
    np.testing.assert_allclose(second, z[4:], rtol=1e-6)
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(second, axis=0))
    told = np.array(model.discriminator(shuffled))[:, 0]
    expected = 0.5 * softplus(-logit).mean() + 0.5 * softplus(told).mean()
    assert float(terms["discrimination"]) == pytest.approx(expected, rel=1e-5)


def test_columns_are_permuted_one_by_one():
    z = np.arange(64 * LATENT_DIM, dtype="float32").reshape(64, LATENT_DIM)
    permuted = permuted_columns(z, keras.random.SeedGenerator(1))
    orders = np.argsort(np.array(permuted), axis=0)
    assert not (orders == orders[:, :1]).all()


def test_a_batch_of_one_row_has_nothing_to_tell():
    model = build()
    terms = model.objective(Batch(X[:1]), True)
    assert float(terms["discrimination"]) == 0.0
    model.compile(dict.fromkeys(model.players(), "sgd"))
    logs = model.fit(X[:1], verbose=0).history
    assert all(np.isfinite(values[0]) for values in logs.values())


def test_a_blind_discriminator():
    model = build()
    for variable in model.discriminator.trainable_variables:
        variable.assign(0.0 * variable)
    terms = model.objective(Batch(X), False)
    np.testing.assert_array_equal(terms["total_correlation"], 0.0)
    assert float(terms["discrimination"]) == pytest.approx(np.log(2), rel=1e-6)


def test_without_its_weight_it_is_the_vae():
    factor = build(total_correlation_weight=0.0)
    vae = VAE(**dense_networks(), seed=1)
    names = ("encoder", "decoder", "code_mean", "code_log_var")
    for name in names:
        getattr(vae, name).set_weights(getattr(factor, name).get_weights())
    factor.compile({n: keras.optimizers.SGD(0.3) for n in factor.players()})
    vae.compile(keras.optimizers.SGD(0.3))
    losses = [
        model.fit(X, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
        for model in (factor, vae)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-6)
    for name in names:
        for a, b in zip(
            getattr(factor, name).get_weights(),
            getattr(vae, name).get_weights(),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("still", "moving"), [("vae", "discriminator"), ("discriminator", "vae")]
)
def test_a_players_step_leaves_the_other_bit_for_bit(still, moving):
    model = build()
    rates = {still: 0.0, moving: 0.5}
    sgd = {name: keras.optimizers.SGD(rate) for name, rate in rates.items()}
    model.compile(sgd)
    players = model.players()
    before = {n: [v.numpy() for v in p.variables] for n, p in players.items()}
    model.fit(X, batch_size=7, verbose=0)
    after = {n: [v.numpy() for v in p.variables] for n, p in players.items()}
    for a, b in zip(after[still], before[still], strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(after[moving], before[moving], strict=True)
    )


def test_the_players_own_everything_but_what_is_the_others():
    model = build()
    owned = {id(v) for p in model.players().values() for v in p.variables}
    assert owned == {id(v) for v in model.trainable_variables}


@pytest.mark.all
def test_the_discriminator_learns_to_tell_dependent_codes():
    """Its loss falls below log 2 where the code's elements depend on each other."""
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Flatten()])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    judge = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model = FactorVAE(encoder, decoder, "gaussian", discriminator=judge, seed=1)
    model.code_mean.set_weights([np.eye(2), np.zeros(2)])
    model.code_log_var.set_weights([np.zeros((2, 2)), np.full(2, -6.0)])
    first = np.random.default_rng(0).normal(size=(512, 1)).astype("float32")
    x = np.concatenate([first, first], axis=1)
    model.compile(
        {"vae": keras.optimizers.SGD(0.0), "discriminator": keras.optimizers.Adam(0.01)}
    )
    logs = model.fit(x, batch_size=128, epochs=30, verbose=0).history
    assert logs["discriminator_loss"][-1] < 0.6
    assert logs["total_correlation"][-1] > 0.3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"total_correlation_weight": -1}, r"`total_correlation_weight`.*=-1"),
        (
            {
                "discriminator": keras.Sequential(
                    [keras.Input((2,)), keras.layers.Dense(1)]
                )
            },
            r"`discriminator` must take values of shape \(None, 3\).*\(None, 2\)",
        ),
        ({"discriminator": "mlp"}, r"`discriminator` must be a Keras model.*'mlp'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)
