"""`ConvEncDec`: an encoder-decoder that compares codes, with trained weights."""

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
from keras_latent.models import EncDec

__all__ = ["ConvEncDec", "preprocess_input"]


def _make(
    encoder: keras.Model, image_shape: Sequence[int], latent_dim: int, name: str
) -> EncDec:
    return EncDec(encoder, decoder_of(image_shape, latent_dim, "sigmoid"), name=name)


ARCHITECTURE = Architecture("ConvEncDec", "conv_encdec", _make, code_size)


@documented(ARCHITECTURE)
def ConvEncDec(  # noqa: N802, named as the builders of keras.applications are
    include_top: bool = True,
    weights: Any = "mnist",
    input_tensor: Any = None,
    input_shape: Sequence[int] | None = None,
    pooling: str | None = None,
    name: str = "conv_encdec",
    latent_dim: int | None = None,
) -> Any:
    """Convolutional `EncDec`, whole or as a backbone.

    It never compares pixels: its loss contrasts codes.

    {arguments}

    {returns}

    >>> backbone = ConvEncDec(weights=None, include_top=False, pooling="avg")
    >>> backbone.output_shape
    (None, 128)
    """
    return build(ARCHITECTURE, **locals())
