"""WassersteinAutoencoder: against NumPy, the plain autoencoder, and its prior."""

import warnings

import keras
import numpy as np
import pytest

from keras_latent import distributions
from keras_latent.models import (
    AdversarialAutoencoder,
    Autoencoder,
    BiGAN,
    WassersteinAutoencoder,
)
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import LATENT_DIM, dense_networks, images, joint_critic
from tests.test_losses import mmd_by_numpy

X = images(6)


def build(**arguments):
    return WassersteinAutoencoder(**{**dense_networks(), "seed": 1, **arguments})


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_terms_against_numpy(kernel):
    model = build(kernel=kernel)
    state = np.array(model.prior_seed.state)
    terms = model.objective(Batch(X), True)
    model.prior_seed.state.assign(state)
    drawn = np.array(keras.random.normal((6, LATENT_DIM), seed=model.prior_seed))
    z = model.encode(X)
    expected = mmd_by_numpy(z.astype("float64"), drawn.astype("float64"), kernel)
    assert float(terms["mmd"]) == pytest.approx(expected, rel=1e-5, abs=1e-5)
    errors = ((X - model.decode(z)) ** 2).sum(axis=(1, 2, 3))
    constant = 0.5 * X[0].size * np.log(2 * np.pi)
    np.testing.assert_allclose(
        terms["reconstruction"], 0.5 * errors + constant, rtol=1e-5
    )


def test_without_its_weight_it_is_the_autoencoder():
    networks = dense_networks()
    model, plain = build(**networks, mmd_weight=0.0), Autoencoder(**networks)
    gradients.share_codes(model, plain)
    found, expected = (
        gradients.gradients(m, lambda m=m: gradients.loss(m, X)) for m in (model, plain)
    )
    gradients.assert_same_gradients(found, expected, atol=0.0)


@pytest.mark.all
def test_training_draws_the_codes_to_the_prior():
    """A linear encoder of far codes moves them to mean 0 and variance 1."""
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Flatten()])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model = WassersteinAutoencoder(encoder, decoder, mmd_weight=1e4, seed=1)
    model.code.set_weights([0.1 * np.eye(2), np.full(2, 4.0)])
    x = np.random.default_rng(0).normal(size=(512, 2)).astype("float32")
    model.compile(keras.optimizers.Adam(0.1))
    model.fit(x, batch_size=128, epochs=30, verbose=0)
    z = model.encode(x)
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=0.3)
    np.testing.assert_allclose(z.std(axis=0), 1.0, atol=0.3)


def test_it_samples_from_its_prior():
    model = build(prior=distributions.NormalMixture(3))
    assert model.has_prior
    generator = keras.random.SeedGenerator(4)
    z = model.prior.sample(shape=(5, LATENT_DIM), seed=generator)
    np.testing.assert_allclose(model.sample(5, seed=4), model.decode(z), rtol=1e-6)


@pytest.mark.all
def test_one_row_and_large_inputs():
    model = build(**dense_networks(output_activation=None))
    gradients.assert_finite_training(model, 1e3 * X)


def test_there_is_no_likelihood():
    with pytest.raises(ValueError, match=r"`log_likelihood` needs a density.*`VAE`"):
        build().log_likelihood(X)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mmd_weight": -1.0}, r"`mmd_weight` must be a number.*mmd_weight=-1.0"),
        ({"kernel": "rational"}, r"`kernel` must be one of 'imq', 'rbf'.*'rational'"),
        (
            {"prior": "uniform_sphere"},
            r"`prior` must be a.*real.*sphere",
        ),
        (
            {"prior": "vamp_prior"},
            r"`prior` must be a.*real.*vamp_prior",
        ),
        ({"prior": "cauchy"}, r"`prior` must be one of 'normal'.*'cauchy'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize(
    "prior", [lambda: "normal_mixture", lambda: distributions.Flow(flows=["planar"])]
)
@pytest.mark.parametrize(
    "variant", [WassersteinAutoencoder, AdversarialAutoencoder, BiGAN]
)
def test_a_prior_that_is_only_drawn_from_stays_as_it_is(variant, prior):
    """Draws don't tell how often a mixture takes each of its normals."""
    judge = {"discriminator": joint_critic()} if variant is BiGAN else {}
    model = variant(**dense_networks(), **judge, prior=prior(), seed=1)
    before = [weight.numpy() for weight in model.prior.weights]
    moved = [weight.numpy() for weight in model.encoder.weights]
    model.compile("adam", run_eagerly=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, batch_size=3, verbose=0)
    for weight, first in zip(model.prior.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), first)
    for weight, first in zip(model.encoder.weights, moved, strict=True):
        assert not np.array_equal(weight.numpy(), first)
