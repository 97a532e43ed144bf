"""`ConvConstrainedAutoencoder`: an autoencoder whose code discriminates, too."""

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
from keras_latent.models import ConstrainedAutoencoder
from keras_latent.validation import checked_positive_integer

__all__ = ["ConvConstrainedAutoencoder", "preprocess_input"]


def _make(
    encoder: keras.Model,
    image_shape: Sequence[int],
    latent_dim: int,
    name: str,
    classes: int,
) -> ConstrainedAutoencoder:
    # Grey images are mostly dark, where a sigmoid would die under a squared error.
    activation = None if image_shape[2] == 1 else "sigmoid"
    decoder = decoder_of(image_shape, latent_dim, activation)
    return ConstrainedAutoencoder(encoder, decoder, heads=classes, name=name)


ARCHITECTURE = Architecture(
    "ConvConstrainedAutoencoder",
    "conv_constrained_autoencoder",
    _make,
    code_size,
    ("mnist",),
)

_TRAINED_CLASSES = 10


@documented(ARCHITECTURE)
def ConvConstrainedAutoencoder(  # noqa: N802, as those of keras.applications
    include_top: bool = True,
    weights: Any = "mnist",
    input_tensor: Any = None,
    input_shape: Sequence[int] | None = None,
    pooling: str | None = None,
    name: str = "conv_constrained_autoencoder",
    latent_dim: int | None = None,
    classes: int = 10,
) -> Any:
    """Convolutional `ConstrainedAutoencoder`, whole or as a backbone.

    Its head is linear: a class is a direction of the code.

    {arguments}
        classes: Number of classes that the head tells; with weights by name those of
            the weights, unless for a backbone, which has no head. Defaults to 10.

    {returns}

    >>> model = ConvConstrainedAutoencoder(weights=None, classes=3)
    >>> model.classify(keras.ops.zeros((2, 28, 28, 1))).shape
    TensorShape([2, 3])
    """
    classes = checked_positive_integer("classes", classes)
    if isinstance(weights, str) and weights in ARCHITECTURE.datasets:
        if include_top and classes != _TRAINED_CLASSES:
            raise ValueError(
                f"`classes` must be {_TRAINED_CLASSES} with weights={weights!r}. "
                f"Received: classes={classes}"
            )
        classes = _TRAINED_CLASSES
    return build(ARCHITECTURE, **locals())
