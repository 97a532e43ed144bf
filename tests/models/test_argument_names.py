"""What a constructor doesn't take is named, with what may have been meant."""

import pytest

from keras_latent import models
from tests.models.cases import dense_networks


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"latent_dims": 8},
            r"^`latent_dims` must be left out: VAE has no argument of that name\. "
            r"Did you mean 'latent_dim'\? Received: latent_dims=8$",
        ),
        ({"latent_dim": 2, "betta": 3}, r"^`betta` must .*'beta'\? Received: betta=3$"),
        ({"latent_dim": 2, "qqq": None}, r"^`qqq` must be left out.*name\. Received: "),
    ],
)
def test_of_images(given, message):
    with pytest.raises(ValueError, match=message):
        models.VAE.for_images((8, 8, 1), **given)


@pytest.mark.parametrize("variant", [models.VAE, models.EncDec, models.Autoencoder])
def test_of_ones_own_networks(variant):
    with pytest.raises(
        ValueError, match=r"^`likelyhood` must .*Did you mean 'likelihood'\?"
    ):
        variant(**dense_networks(), likelyhood="bernoulli")


def test_what_any_layer_takes_is_taken():
    model = models.VAE(**dense_networks(), name="own", dtype="float32", trainable=True)
    assert model.name == "own"
