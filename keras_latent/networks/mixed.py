"""Encoders and decoders for mixed data: a dict of images, categories and numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.networks.checks import (
    SMALLEST_SIDE,
    is_image_shape,
    is_vector_shape,
)
from keras_latent.networks.convolutional import (
    convolutional_decoder,
    convolutional_encoder,
)
from keras_latent.validation import checked_positive_integer


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
        width: The number of units of each dense layer. Defaults to 128.
        dtype: The dtype policy of the layers. Defaults to `None`: the global one.
        name: The model's name. Defaults to `"encoder"`.

    Returns:
        A functional model: a dict of (batch, *shape) by column to (batch, width).

    Raises:
        ValueError: If `columns` or `width` isn't as described.

    >>> encoder = mixed_encoder({"image": (28, 28, 1), "category": (10,)})
    >>> encoder.output_shape
    (None, 128)
    """
    columns = _checked_columns(columns)
    width = checked_positive_integer("width", width)
    inputs = {
        column: keras.Input(shape, name=column) for column, shape in columns.items()
    }
    features = []
    for column, x in inputs.items():
        if is_image_shape(columns[column]):
            encoder = convolutional_encoder(
                columns[column], dtype=dtype, name=f"{column}_encoder"
            )
            x = layers.Flatten(dtype=dtype)(encoder(x))
        features.append(layers.Dense(width, activation="relu", dtype=dtype)(x))
    joined = layers.Concatenate(dtype=dtype)(features)
    joined = layers.Dense(width, activation="relu", dtype=dtype)(joined)
    return keras.Model(inputs, joined, name=name)


def mixed_decoder(
    columns: Mapping[str, Sequence[int]],
    latent_dim: int,
    output_activations: Mapping[str, str | None],
    width: int = 128,
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """A code becomes several columns.

    Each column has its own decoder from the code: `convolutional_decoder` for an image,
    two dense layers for a vector.

    Args:
        columns: The shape of each column by its name, without the batch: (height,
            width, channels) for an image, (n,) for a vector.
        latent_dim: The length of the code.
        output_activations: The last activation of each column by its name, such as
            `"sigmoid"` for an image, `"softmax"` for a category, `None` for numbers or
            logits.
        width: The number of units of each hidden dense layer. Defaults to 128.
        dtype: The dtype policy of the layers; outputs are float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"decoder"`.

    Returns:
        A functional model: (batch, latent_dim) to a dict of (batch, *shape) by column.

    Raises:
        ValueError: If an argument isn't as described, or `output_activations` and
            `columns` don't name the same columns.

    >>> decoder = mixed_decoder(
    ...     {"image": (28, 28, 1), "category": (10,)},
    ...     latent_dim=16,
    ...     output_activations={"image": "sigmoid", "category": "softmax"},
    ... )
    >>> {column: output.shape for column, output in decoder.output.items()}
    {'image': (None, 28, 28, 1), 'category': (None, 10)}
    """
    columns = _checked_columns(columns)
    latent_dim = checked_positive_integer("latent_dim", latent_dim)
    width = checked_positive_integer("width", width)
    is_mapping = isinstance(output_activations, Mapping)
    if not is_mapping or set(output_activations) != set(columns):
        raise ValueError(
            f"`output_activations` must name the columns {', '.join(columns)}. "
            f"Received: output_activations={output_activations!r}"
        )
    code = keras.Input((latent_dim,), name="code")
    outputs = {}
    for column, shape in columns.items():
        activation = output_activations[column]
        if is_image_shape(shape):
            decoder = convolutional_decoder(
                shape,
                latent_dim,
                output_activation=activation,
                dtype=dtype,
                name=f"{column}_decoder",
            )
            outputs[column] = decoder(code)
        else:
            x = layers.Dense(width, activation="relu", dtype=dtype)(code)
            x = layers.Dense(shape[0], dtype=dtype)(x)
            outputs[column] = layers.Activation(activation, dtype="float32")(x)
    return keras.Model(code, outputs, name=name)


def _checked_columns(columns: Any) -> dict[str, tuple[int, ...]]:
    if not isinstance(columns, Mapping) or not columns:
        raise ValueError(
            "`columns` must be a dict of at least one column, its shape by its name. "
            f"Received: columns={columns!r}"
        )
    for name in columns:
        if not isinstance(name, str) or not name or "/" in name:
            raise ValueError(
                "`columns` must have names that are strings, not empty and without "
                f"a slash. Received: columns={columns!r}"
            )
    for shape in columns.values():
        if not is_image_shape(shape) and not is_vector_shape(shape):
            raise ValueError(
                "`columns` must give each column the shape (height, width, channels) "
                f"of an image, height and width at least {SMALLEST_SIDE} and 1 or 3 "
                "channels, or (n,) of a vector. "
                f"Received: columns={columns!r}"
            )
    return {name: tuple(map(int, shape)) for name, shape in columns.items()}
