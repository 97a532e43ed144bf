"""`ConvVQAutoencoder`: an autoencoder of tokens, with trained weights."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_latent.applications.builder import Architecture, build
from keras_latent.applications.documentation import documented
from keras_latent.applications.maps import (
    code_shape_of,
    code_size_of,
    map_decoder,
    map_encoder,
)
from keras_latent.applications.preprocessing import preprocess_input
from keras_latent.likelihoods import Gaussian
from keras_latent.models import VQVAE
from keras_latent.quantizers import FiniteScalarQuantizer

__all__ = ["ConvVQAutoencoder", "preprocess_input"]

_LEVELS = (8, 4, 4)


def _make(
    encoder: keras.Model, image_shape: Sequence[int], latent_dim: int, name: str
) -> VQVAE:
    code_shape = code_shape_of(image_shape, latent_dim)
    if code_shape[-1] != len(_LEVELS):
        size = latent_dim // code_shape[-1] * len(_LEVELS)
        raise ValueError(
            f"`latent_dim` must be {size}, {len(_LEVELS)} numbers for each of "
            f"{code_shape[0]} x {code_shape[1]} places. Received: {latent_dim=}"
        )
    decoder = map_decoder(image_shape, code_shape)
    likelihood = Gaussian(scale=0.1, learn_scale=True)
    quantizer = FiniteScalarQuantizer(_LEVELS)
    return VQVAE(encoder, decoder, likelihood, quantizer, name=name)


ARCHITECTURE = Architecture(
    "ConvVQAutoencoder",
    "conv_vq_autoencoder",
    _make,
    code_size_of(channels=len(_LEVELS)),
    ("pictures",),
    code="the map of codes that the tokens stand for",
    code_sizes="3, of 8, 4 and 4 levels, for each place of a map a quarter as high and "
    "wide as the image, and no other",
    encoder=map_encoder,
    of_tokens=True,
)


@documented(ARCHITECTURE)
def ConvVQAutoencoder(  # noqa: N802, named as the builders of keras.applications are
    include_top: bool = True,
    weights: Any = "pictures",
    input_tensor: Any = None,
    input_shape: Sequence[int] | None = None,
    pooling: str | None = None,
    name: str = "conv_vq_autoencoder",
    latent_dim: int | None = None,
) -> Any:
    """Residual `VQVAE` whose code is a map of 7-bit tokens, whole or as a backbone.

    A `FiniteScalarQuantizer` of 8 · 4 · 4 = 128 codes makes the tokens: 224 bytes for
    an image of 64 × 64 pixels. The Gaussian likelihood learns its scale.

    {arguments}

    {returns}

    >>> model = ConvVQAutoencoder(weights=None, input_shape=(32, 32, 3))
    >>> model.token_shape
    (8, 8)
    """
    return build(ARCHITECTURE, **locals())
