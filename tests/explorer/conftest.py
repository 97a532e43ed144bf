"""Small models and images to explore."""

import keras
import numpy as np
import pytest

import keras_latent as kl

SHAPE = (8, 8, 1)
COUNT = 40


@pytest.fixture(scope="package")
def images():
    """Forty images of noise."""
    return np.random.default_rng(0).random((COUNT, *SHAPE), "float32")


@pytest.fixture(scope="package")
def labels():
    """Their classes, of three."""
    return np.arange(COUNT) % 3


@pytest.fixture(scope="package")
def vae():
    """A model with a prior, whose codes differ."""
    keras.utils.set_random_seed(1)
    return spread(kl.models.VAE.for_images(SHAPE, latent_dim=4))


@pytest.fixture(scope="package")
def conditional():
    """A model of maps that is told one of three classes."""
    keras.utils.set_random_seed(2)
    return spread(
        kl.models.ConditionalVAE.for_images(SHAPE, code_shape=(4, 4, 2), num_classes=3)
    )


def spread(model):
    """The model, with codes that vary: those of an untrained encoder hardly do."""
    layer = model.code_mean
    layer.kernel.assign(layer.kernel * 20.0)
    weights = model.decoder.weights
    for index, weight in enumerate(weights):
        noise = np.random.default_rng(index).normal(size=weight.shape)
        weight.assign(weight + (0.1 * noise).astype("float32"))
    return model
