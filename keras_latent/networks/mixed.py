"""Encoders and decoders for mixed data: a dict of images, categories and numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.networks.checks import check_image_shape
from keras_latent.networks.convolutional import (
    convolutional_decoder,
    convolutional_encoder,
)
from keras_latent.validation import check_positive_integer


def mixed_encoder(
    columns: Mapping[str, Sequence[int]],
    width: int = 128,
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """Several columns become one vector.

    An image passes through `convolutional_encoder` and a dense layer, a vector (a
    category one-hot, or numbers) through a dense layer; a last dense layer joins them.

    Args:
        columns: The shape of each column by its name, without the batch: (height,
            width, channels) for an image, (n,) for a vector.
        width: The number of units of each dense layer.
        dtype: The dtype policy of the layers. `None` takes the global one.
        name: The model's name.

    Returns:
        A functional model: a dict of (batch, *shape) by column to (batch, width).

    Raises:
        ValueError: If `columns` or `width` isn't as described.

    >>> encoder = mixed_encoder({"image": (28, 28, 1), "category": (10,)})
    >>> encoder.output_shape
    (None, 128)
    """
    _check_columns(columns)
    check_positive_integer("width", width)
    inputs = {
        column: keras.Input(tuple(shape), name=column)
        for column, shape in columns.items()
    }
    features = []
    for column, x in inputs.items():
        if _is_image(columns[column]):
            encoder = convolutional_encoder(
                columns[column], dtype=dtype, name=f"{column}_encoder"
            )
            x = layers.Flatten(dtype=dtype)(encoder(x))
        features.append(layers.Dense(width, activation="relu", dtype=dtype)(x))
    joined = layers.Concatenate(dtype=dtype)(features) if len(features) > 1 else x
    ...
