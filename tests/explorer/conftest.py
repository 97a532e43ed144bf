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


@pytest.fixture(scope="package")
def unknown():
    """A model whose decoder has a layer that a page's own code doesn't know."""
    keras.utils.set_random_seed(3)
    decoder = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(64),
            keras.layers.Reshape((64, 1)),
            keras.layers.Conv1D(1, 3, padding="same", activation="sigmoid"),
            keras.layers.Reshape(SHAPE),
        ]
    )
    return spread(kl.models.VAE(kl.networks.dense_encoder(SHAPE), decoder))


@pytest.fixture(scope="package")
def unknown_told():
    """One that is told classes, of which -1 is a missing one."""
    keras.utils.set_random_seed(4)
    code, told = keras.Input((4, 4, 2), name="code"), keras.Input((3,), name="told")
    x = keras.layers.Dense(16)(told)
    x = keras.layers.Concatenate()([code, keras.layers.Reshape((4, 4, 1))(x)])
    x = keras.layers.UpSampling2D(2)(keras.layers.DepthwiseConv2D(3, padding="same")(x))
    x = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    decoder = keras.Model([code, told], x)
    model = kl.models.ConditionalVAE.for_images(
        SHAPE, code_shape=(4, 4, 2), num_classes=3, decoder=decoder
    )
    return spread(model)


def spread(model):
    """The model, with codes that vary: those of an untrained encoder hardly do."""
    layer = model.code_mean
    layer.kernel.assign(layer.kernel * 20.0)
    weights = model.decoder.weights
    for index, weight in enumerate(weights):
        noise = np.random.default_rng(index).normal(size=weight.shape)
        weight.assign(weight + (0.1 * noise).astype("float32"))
    return model
