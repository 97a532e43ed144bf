"""`ConvKLAutoencoder`: a variational autoencoder of maps, with trained weights."""

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
from keras_latent.models import VAE

__all__ = ["ConvKLAutoencoder", "preprocess_input"]

_BETA = 0.1


def _make(
    encoder: keras.Model, image_shape: Sequence[int], latent_dim: int, name: str
) -> VAE:
    decoder = map_decoder(image_shape, code_shape_of(image_shape, latent_dim))
    likelihood = Gaussian(scale=0.1, learn_scale=True)
    return VAE(encoder, decoder, likelihood, beta=_BETA, name=name)


ARCHITECTURE = Architecture(
    "ConvKLAutoencoder",
    "conv_kl_autoencoder",
    _make,
    code_size_of(channels=4),
    ("pictures",),
    code="the posterior's mean, a map",
    code_sizes="4 for each place of a map a quarter as high and wide as the image",
    encoder=map_encoder,
)


@documented(ARCHITECTURE)
def ConvKLAutoencoder(  # noqa: N802, named as the builders of keras.applications are
    include_top: bool = True,
    weights: Any = "pictures",
    input_tensor: Any = None,
    input_shape: Sequence[int] | None = None,
    pooling: str | None = None,
    name: str = "conv_kl_autoencoder",
    latent_dim: int | None = None,
) -> Any:
    """Residual `VAE` whose code is a map, whole or as a backbone.

    Its prior barely presses (a weight of 0.1), and the Gaussian likelihood learns its
    scale: what `kl.samplers.FlowMatching` generates from. It is the autoencoder of
    latent diffusion (Rombach et al. 2022) without its adversary.

    {arguments}

    {returns}

    >>> model = ConvKLAutoencoder(weights=None, input_shape=(32, 32, 3))
    >>> model.code_shape
    (8, 8, 4)
    """
    return build(ARCHITECTURE, **locals())
