"""A class below a variant that has no constructor of its own."""

import keras
import numpy as np

from keras_latent.models import VAE
from tests.models.cases import dense_networks, images


class Plain(VAE):
    """A VAE by another name."""


def test_it_is_cloned_and_loaded(tmp_path):
    model, x = Plain(**dense_networks()), images(4)
    assert type(keras.models.clone_model(model)) is Plain
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"Plain": Plain}
    )
    np.testing.assert_array_equal(loaded.encode(x), model.encode(x))
