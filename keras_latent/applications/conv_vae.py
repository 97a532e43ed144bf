"""`ConvVAE`: a convolutional variational autoencoder, with trained weights."""

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
from keras_latent.likelihoods import Bernoulli, Gaussian, Likelihood
from keras_latent.models import VAE

__all__ = ["ConvVAE", "preprocess_input"]


def _make(
    encoder: keras.Model, image_shape: Sequence[int], latent_dim: int, name: str
) -> VAE:
    if image_shape[2] == 1:
        likelihood: Likelihood = Bernoulli(from_logits=True)
        decoder = decoder_of(image_shape, latent_dim, None)
    else:
        likelihood = Gaussian(scale=0.1, learn_scale=True)
        decoder = decoder_of(image_shape, latent_dim, "sigmoid")
    return VAE(encoder, decoder, likelihood, name=name)


ARCHITECTURE = Architecture(
    "ConvVAE", "conv_vae", _make, code_size, code="the posterior's mean"
)


@documented(ARCHITECTURE)
def ConvVAE(  # noqa: N802, named as the builders of keras.applications are
    include_top: bool = True,
    weights: Any = "mnist",
    input_tensor: Any = None,
    input_shape: Sequence[int] | None = None,
    pooling: str | None = None,
    name: str = "conv_vae",
    latent_dim: int | None = None,
) -> Any:
    """Convolutional `VAE`, whole or as a backbone.

    The likelihood is Bernoulli for grey images, and Gaussian with a learned scale for
    colour.

    {arguments}

    {returns}

    >>> backbone = ConvVAE(weights=None, include_top=False, pooling="avg")
    >>> backbone.output_shape
    (None, 128)
    """
    return build(ARCHITECTURE, **locals())
