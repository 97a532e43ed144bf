"""A class below a variant, without a constructor of its own or with a short one."""

import keras
import numpy as np
import pytest

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


class Passing(VAE):
    """A VAE with an argument more, which passes on the others."""

    def __init__(self, encoder, decoder, more=1.0, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.more = more


class Fixing(VAE):
    """A VAE whose likelihood nobody chooses."""

    def __init__(self, encoder, decoder):
        super().__init__(encoder, decoder)


def test_default_networks_suit_a_likelihood_that_is_passed_on():
    def end(likelihood):
        model = Passing.for_images((8, 8, 1), latent_dim=2, more=2.0, **likelihood)
        assert model.more == 2.0
        # Logits, or the mean of a Gaussian as it is: never a sigmoid below logits.
        assert model.decoder.layers[-1].activation is keras.activations.linear
        return type(model.likelihood).__name__

    assert end({}) == type(VAE(**dense_networks()).likelihood).__name__
    assert end({"likelihood": "gaussian"}) == "Gaussian"


def test_default_networks_need_a_likelihood():
    with pytest.raises(ValueError, match=r"`likelihood` must be.*Fixing\.__init__"):
        Fixing.for_images((8, 8, 1), latent_dim=2)
