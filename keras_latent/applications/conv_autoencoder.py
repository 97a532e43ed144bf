"""`ConvAutoencoder`: a convolutional autoencoder, with trained weights."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_latent.applications.builder import (
    Architecture,
    build,
    code_size,
    decoder_of,
)
from keras_latent.applications.documentation import documented
from keras_latent.applications.preprocessing import preprocess_input
from keras_latent.models import Autoencoder

__all__ = ["ConvAutoencoder", "preprocess_input"]


def _make(
    encoder: keras.Model, image_shape: Sequence[int], latent_dim: int, name: str
) -> Autoencoder:
    # Grey images are mostly dark, where a sigmoid would die under a squared error.
    activation = None if image_shape[2] == 1 else "sigmoid"
    return Autoencoder(
        encoder, decoder_of(image_shape, latent_dim, activation), name=name
    )


ARCHITECTURE = Architecture("ConvAutoencoder", "conv_autoencoder", _make, code_size)


@documented(ARCHITECTURE)
def ConvAutoencoder(  # noqa: N802, named as the builders of keras.applications are
    include_top: bool = True,
    weights: Any = "mnist",
    input_tensor: Any = None,
    input_shape: Sequence[int] | None = None,
    pooling: str | None = None,
    name: str = "conv_autoencoder",
    latent_dim: int | None = None,
) -> Any:
    """Convolutional `Autoencoder`, whole or as a backbone.

    The likelihood is Gaussian with scale 1: it minimises the squared error. The decoder
    is linear for grey images, and ends in a sigmoid for colour.

    {arguments}

    {returns}

    >>> backbone = ConvAutoencoder(weights=None, include_top=False, pooling="avg")
    >>> backbone.output_shape
    (None, 128)
    """
    return build(ARCHITECTURE, **locals())
