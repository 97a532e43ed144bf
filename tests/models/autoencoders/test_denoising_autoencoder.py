import keras
import numpy as np
import pytest

from keras_latent.layers import MaskingCorruption
from keras_latent.models import Autoencoder, DenoisingAutoencoder
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images


@keras.saving.register_keras_serializable(package="tests")
class Darkened(keras.layers.Layer):
    """A corruption without noise."""

    def call(self, x, training=False):
        return 0.5 * x if training else x


def test_reconstructs_the_clean_image_from_the_corrupted_one():
    model = DenoisingAutoencoder(**dense_networks(), corruption=Darkened())
    plain, x = Autoencoder(model.encoder, model.decoder), images(5)
    plain.code.set_weights(model.code.get_weights())
    mean = np.array(plain.reconstruct(0.5 * x))
    expected = 0.5 * np.sum((x - mean) ** 2 + np.log(2 * np.pi), axis=(1, 2, 3))
    terms = model.objective(Batch(x), training=True)
    np.testing.assert_allclose(terms["reconstruction"], expected, rtol=1e-5)


def test_does_not_corrupt_outside_training():
    model, x = (
        DenoisingAutoencoder(**dense_networks(), corruption=Darkened()),
        images(5),
    )
    mean = np.array(model.reconstruct(x))
    expected = 0.5 * np.sum((x - mean) ** 2 + np.log(2 * np.pi), axis=(1, 2, 3))
    terms = model.objective(Batch(x), training=False)
    np.testing.assert_allclose(terms["reconstruction"], expected, rtol=1e-5)


def test_without_corruption_it_is_the_autoencoder():
    networks, x = dense_networks(), images(6)
    model = DenoisingAutoencoder(**networks, corruption=MaskingCorruption(0.0))
    plain = Autoencoder(**networks)
    plain.code.set_weights(model.code.get_weights())
    gradients.assert_same_gradients(
        gradients.gradients(model, lambda: gradients.loss(model, x)),
        gradients.gradients(plain, lambda: gradients.loss(plain, x)),
    )


def test_masks_by_default():
    model = DenoisingAutoencoder(**dense_networks())
    assert isinstance(model.corruption, MaskingCorruption)
    assert model.corruption.rate == pytest.approx(0.25)


def test_any_layer_of_keras_corrupts():
    dropout = keras.layers.Dropout(0.5, seed=1)
    model = DenoisingAutoencoder(**dense_networks(), corruption=dropout)
    model.compile(run_eagerly=True)
    first = model.fit(images(8), verbose=0, shuffle=False).history["loss"][0]
    assert first != model.evaluate(images(8), verbose=0)[0]
