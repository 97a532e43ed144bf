"""Soft-IntroVAE: against NumPy, who moves what, and what it is without its critic."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_latent.models import VAE, SoftIntroVAE
from keras_latent.typing import Batch
from tests.models.cases import dense_networks, images, mixed_networks
from tests.models.gradients import assert_same_gradients, gradients
from tests.models.players import assert_moves_alone

pytestmark = pytest.mark.usefixtures("eagerly")

X = images(5)
Z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
PLAYERS = ("encoder", "decoder")


def build(**arguments):
    return SoftIntroVAE(**dense_networks(), **{"seed": 1, **arguments})


def without_noise(model, monkeypatch):
    """Codes are the posterior's means, and the prior's draws are given."""
    monkeypatch.setattr(model.prior, "sample_like", lambda like, seed: Z)
    monkeypatch.setattr(
        model.posterior,
        "sample_with_log_prob",
        lambda q, seed=None: (q.mean, None),
    )


def test_terms_against_numpy(monkeypatch):
    model = build(reconstruction_weight=0.9, negative_beta=3.0)
    without_noise(model, monkeypatch)
    terms = model.objective(Batch(X), True)

    def kl(x):
        mean, log_var = (np.array(p, "float64") for p in model.posteriors(x))
        return 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=-1)

    def distance(x):
        return ((x - model.reconstruct(x)).astype("float64") ** 2).sum((1, 2, 3))

    fakes = [model.reconstruct(X), model.decode(Z)]
    np.testing.assert_allclose(terms["distance"], distance(X), rtol=1e-5)
    np.testing.assert_allclose(terms["kl"], kl(X), rtol=1e-5)
    expected = sum(
        12 / 4 * np.exp(-2 / 12 * (0.9 * distance(y) + 3.0 * kl(y))) for y in fakes
    )
    np.testing.assert_allclose(terms["repulsion"], expected, rtol=1e-5)
    deception = sum(0.5 * kl(y) for y in fakes)
    np.testing.assert_allclose(terms["deception"], deception, rtol=1e-5)
    np.testing.assert_allclose(
        terms["fake_distance"], sum(0.5 * distance(y) for y in fakes), rtol=1e-4
    )
    np.testing.assert_allclose(terms["kl_gap"], deception - kl(X), atol=1e-5)
    np.testing.assert_allclose(
        terms["reconstruction"], 0.5 * distance(X) + 6 * np.log(2 * np.pi), rtol=1e-5
    )


@pytest.mark.parametrize("moving", PLAYERS)
def test_a_players_step_leaves_the_other_bit_for_bit(moving):
    assert_moves_alone(build(), moving, X)


def test_alone_the_encoder_learns_as_that_of_a_vae(monkeypatch):
    # Of the constant ν the term of decoded images vanishes, and so does its gradient.
    model = build(negative_beta=1e9, reconstruction_weight=0.5)
    vae = VAE(model.encoder, model.decoder, "gaussian", seed=1)
    for name in model.code_channels():
        for own, other in zip(
            getattr(vae, name).weights, getattr(model, name).weights, strict=True
        ):
            own.assign(other)
    moved = {}
    for each in (model, vae):
        without_noise(each, monkeypatch)
        before = [v.numpy() for v in model.encoder.trainable_variables]
        optimizers = {n: keras.optimizers.SGD(0.01) for n in each.players()}
        each.compile(
            optimizers if len(optimizers) > 1 else optimizers["model"], run_eagerly=True
        )
        decoder = [v.numpy() for v in model.decoder.trainable_variables]
        each.fit(X, batch_size=5, verbose=0)
        moved[each] = [v.numpy() for v in model.encoder.trainable_variables]
        for network, values in ((model.encoder, before), (model.decoder, decoder)):
            for variable, value in zip(
                network.trainable_variables, values, strict=True
            ):
                variable.assign(value)
    for own, other in zip(moved[model], moved[vae], strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-7)


def test_decoded_images_are_constants_to_the_encoder(monkeypatch):
    model = build(reconstruction_weight=0.0, negative_beta=3.0)
    without_noise(model, monkeypatch)
    fakes = [np.array(model.reconstruct(X)), np.array(model.decode(Z))]

    def repulsion():
        divergences = [model.kl(model.infer(fake, True)) for fake in fakes]
        return sum(ops.sum(3.0 * ops.exp(-2 / 12 * 3.0 * kl)) for kl in divergences)

    own = gradients(
        model, lambda: ops.sum(model.objective(Batch(X), True)["repulsion"])
    )
    assert_same_gradients(own, gradients(model, repulsion), atol=1e-6)


@pytest.mark.parametrize(
    "name",
    ["reconstruction_weight", "beta", "negative_beta", "deception_weight"],
)
def test_bad_arguments(name):
    with pytest.raises(ValueError, match=rf"`{name}`.*=-1"):
        build(**{name: -1.0})


def test_a_dict_has_no_distance():
    likelihood = {"image": "gaussian", "category": "categorical"}
    with pytest.raises(ValueError, match=r"`decoder` must give one tensor"):
        SoftIntroVAE(**mixed_networks(), likelihood=likelihood)


def test_a_divergence_without_a_formula_is_refused():
    message = r"`posterior` and `prior` must be a pair .*closed.*prior='normal_mixture"
    with pytest.raises(ValueError, match=message):
        build(prior="normal_mixture")
