import keras
import numpy as np
import pytest
from keras import layers
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_latent import models


@pytest.fixture
def images():
    return np.random.default_rng(0).random((6, 4, 5, 1)).astype("float32")


@pytest.fixture
def networks():
    """A dense encoder and decoder for images of 4×5 pixels."""
    encoder = keras.Sequential([keras.Input((4, 5, 1)), layers.Flatten()])
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(20, activation="sigmoid"),
            layers.Reshape((4, 5, 1)),
        ]
    )
    return encoder, decoder


@pytest.fixture
def vae(networks):
    """A small variational autoencoder, compiled so that it doesn't learn."""
    model = models.VAE(*networks)
    model.compile(keras.optimizers.SGD(0.0))
    return model


@pytest.fixture
def mixed_vae():
    """The same for a colour image and a category."""
    image = keras.Input((4, 5, 3), name="image")
    category = keras.Input((3,), name="category")
    features = layers.Concatenate()([layers.Flatten()(image), category])
    encoder = keras.Model({"image": image, "category": category}, features)
    code = keras.Input((2,))
    decoder = keras.Model(
        code,
        {
            "image": layers.Reshape((4, 5, 3))(
                layers.Dense(60, activation="sigmoid")(code)
            ),
            "category": layers.Dense(3, activation="softmax")(code),
        },
    )
    likelihood = {"image": "bernoulli", "category": "categorical"}
    model = models.VAE(encoder, decoder, likelihood)
    model.compile(keras.optimizers.SGD(0.0))
    return model


@pytest.fixture
def read_events(tmp_path):
    """Read back what was written to `tmp_path`."""

    def read():
        return EventAccumulator(str(tmp_path / "train")).Reload()

    return read
