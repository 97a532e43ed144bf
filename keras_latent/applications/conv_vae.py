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


ARCHITECTURE = Architecture("ConvVAE", "conv_vae", _make, code_size)


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

    Args:
        include_top: `True` gives the latent model, `False` the backbone: a functional
            Keras model from images to features. Defaults to `True`.
        weights: `"mnist"` (28 × 28 × 1), `"emoji"` (64 × 64 × 3), `None` for an
            untrained model, or the path of a file that `save_weights` wrote. Defaults
            to `"mnist"`.
        input_tensor: A Keras tensor to take as the image. Defaults to `None`: a new
            input.
        input_shape: (height, width, channels), height and width at least 8, 1 or 3
            channels. A backbone of convolutions takes trained weights at any size.
            Defaults to `None`: that of the weights, (28, 28, 1) without.
        pooling: What a backbone gives: `None` the feature map, `"avg"` or `"max"` its
            mean or maximum over the image, `"code"` the posterior's mean. Defaults to
            `None`.
        name: The model's name. Defaults to `"conv_vae"`.
        latent_dim: Number of dimensions of the code. Defaults to `None`: that of the
            weights; without, 32 for images of up to 32 pixels a side, otherwise 96.

    Returns:
        A `VAE`, or a `keras.Model`. Both take images in [0, 1]: see `preprocess_input`.

    Raises:
        ValueError: If an argument is not among its choices, or the weights are not the
            ones that were made.
        FileNotFoundError: If a file of weights is missing.

    >>> backbone = ConvVAE(weights=None, include_top=False, pooling="avg")
    >>> backbone.output_shape
    (None, 128)
    """
    return build(
        ARCHITECTURE,
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        name,
        latent_dim,
    )
