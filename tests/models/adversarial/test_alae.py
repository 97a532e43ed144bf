"""ALAE: against NumPy, who moves what, and a prior that a network makes."""

import keras
import numpy as np
import pytest

from keras_latent.models import ALAE
from keras_latent.typing import Batch
from tests.models.cases import code_mapping, critic, dense_networks, images
from tests.models.gradients import softplus
from tests.models.players import assert_moves_alone

pytestmark = pytest.mark.usefixtures("eagerly")

X = images(5)
NOISE = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
PLAYERS = ("encoder", "decoder")


def build(**arguments):
    given = {"discriminator": critic(), "mapping": code_mapping(), "seed": 1}
    return ALAE(**dense_networks(), **{**given, **arguments})


def weights(layer):
    return np.array(layer.kernel, "float64"), np.array(layer.bias, "float64")


def test_terms_against_numpy(monkeypatch):
    model = build()
    draws = iter(NOISE)
    monkeypatch.setattr(model.prior.base, "sample_like", lambda like, seed: next(draws))
    terms = model.objective(Batch(X), True)
    first, first_bias = weights(model.encoder.layers[-1])
    code, code_bias = weights(model.code)
    hidden, hidden_bias = weights(model.discriminator.layers[0])
    last, last_bias = weights(model.discriminator.layers[1])

    def encoded(x):
        return np.tanh(x.reshape(5, -1) @ first + first_bias) @ code + code_bias

    def logit(z):
        return (np.tanh(z @ hidden + hidden_bias) @ last + last_bias)[:, 0]

    drawn, held = (np.array(model.mapping(noise)) for noise in NOISE)
    told, real = logit(encoded(model.decode(drawn))), logit(encoded(X))
    np.testing.assert_allclose(
        terms["discrimination"], softplus(told) + softplus(-real), rtol=1e-5
    )
    np.testing.assert_allclose(terms["adversarial"], softplus(-told), rtol=1e-5)
    error = ((encoded(model.decode(held)) - held) ** 2).mean(axis=-1)
    np.testing.assert_allclose(terms["latent"], error, rtol=1e-5)

    judged = 1 - np.tanh(encoded(X) @ hidden + hidden_bias) ** 2
    by_code = (judged * last[:, 0]) @ hidden.T
    features = 1 - np.tanh(X.reshape(5, -1) @ first + first_bias) ** 2
    slope = ((by_code @ code.T) * features) @ first.T
    expected = 0.5 * (slope**2).sum(axis=-1)
    np.testing.assert_allclose(terms["gradient_penalty"], expected, rtol=1e-5)


@pytest.mark.parametrize("moving", PLAYERS)
def test_a_players_step_leaves_the_other_bit_for_bit(moving):
    assert_moves_alone(build(), moving, X)


def test_the_mapping_learns_nothing_of_the_latent_term():
    model = build()
    last = model.discriminator.layers[-1]
    last.kernel.assign(0.0 * last.kernel)  # What is adversarial teaches nothing.
    model.compile({n: keras.optimizers.SGD(0.3) for n in PLAYERS}, run_eagerly=True)
    mapping, decoder = (
        [v.numpy() for v in network.trainable_variables]
        for network in (model.mapping, model.decoder)
    )
    model.fit(X, batch_size=5, verbose=0)
    for a, b in zip(model.mapping.trainable_variables, mapping, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(model.decoder.trainable_variables, decoder, strict=True):
        assert not np.array_equal(a, b)


def test_samples_are_of_the_learned_prior():
    model = build()
    model.mapping.layers[-1].kernel.assign(0.0 * model.mapping.layers[-1].kernel)
    model.mapping.layers[-1].bias.assign([1.0, 2.0, 3.0])
    code = np.array([[1.0, 2.0, 3.0]], "float32")
    np.testing.assert_allclose(model.prior.mean(), code[0])
    np.testing.assert_allclose(
        model.sample(2, seed=0), np.repeat(model.decode(code), 2, axis=0), rtol=1e-6
    )
    with pytest.raises(ValueError, match=r"`log_prob` needs a prior with a density"):
        model.prior.log_prob(code)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent_weight": -1.0}, r"`latent_weight`.*=-1"),
        ({"gradient_penalty_weight": -1.0}, r"`gradient_penalty_weight`.*=-1"),
        ({"mapping": "mlp"}, r"`mapping` must be a Keras model.*'mlp'"),
        ({"mapping": critic()}, r"`mapping` must take .*\(None, 3\).*\(None, 1\)"),
        ({"discriminator": code_mapping()}, r"`discriminator` must .*\(None, 1\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)
