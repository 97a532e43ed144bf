"""Fully connected encoders and decoders for images."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.networks.checks import (
    check_model,
    checked_decoder_arguments,
    checked_image_shape,
    checked_widths,
    is_map_shape,
    is_vector_shape,
)


def dense_encoder(
    image_shape: Sequence[int],
    widths: Sequence[int] = (512, 256),
    activation: str = "relu",
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """Dense layers: an image, flattened, becomes a vector.

    Args:
        image_shape: (height, width, channels), height and width at least 8, 1 or 3
            channels.
        widths: The number of units of each layer, first to last. Defaults to
            `(512, 256)`.
        activation: The activation after each layer. Defaults to `"relu"`.
        dtype: The dtype policy of the layers. Defaults to `None`: the global one.
        name: The model's name. Defaults to `"encoder"`.

    Returns:
        A functional model: (batch, height, width, channels) to (batch, widths[-1]).

    Raises:
        ValueError: If `image_shape` or `widths` isn't as described.

    >>> dense_encoder((28, 28, 1)).output_shape
    (None, 256)
    """
    image_shape = checked_image_shape(image_shape)
    widths = checked_widths(widths)
    image = keras.Input(image_shape, name="image")
    x = layers.Flatten(dtype=dtype)(image)
    for width in widths:
        x = layers.Dense(width, activation=activation, dtype=dtype)(x)
    return keras.Model(image, x, name=name)


def dense_decoder(
    image_shape: Sequence[int],
    latent_dim: int,
    widths: Sequence[int] = (256, 512),
    activation: str = "relu",
    output_activation: str | None = "sigmoid",
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """Dense layers: a code becomes an image.

    Args:
        image_shape: (height, width, channels) of the output, height and width at least
            8, 1 or 3 channels.
        latent_dim: The length of the code.
        widths: The number of units of each hidden layer, first to last. Defaults to
            `(256, 512)`.
        activation: The activation after each hidden layer. Defaults to `"relu"`.
        output_activation: The last activation; `None` gives logits. Defaults to
            `"sigmoid"`.
        dtype: The dtype policy of the layers; the output is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"decoder"`.

    Returns:
        A functional model: (batch, latent_dim) to (batch, height, width, channels).

    Raises:
        ValueError: If `image_shape`, `latent_dim` or `widths` isn't as described.

    >>> dense_decoder((28, 28, 1), latent_dim=16).output_shape
    (None, 28, 28, 1)
    """
    image_shape, latent_dim, widths = checked_decoder_arguments(
        image_shape, latent_dim, widths
    )
    code = keras.Input((latent_dim,), name="code")
    x = code
    for width in widths:
        x = layers.Dense(width, activation=activation, dtype=dtype)(x)
    x = layers.Dense(math.prod(image_shape), dtype=dtype)(x)
    x = layers.Reshape(image_shape, dtype=dtype)(x)
    image = layers.Activation(output_activation, dtype="float32", name="image")(x)
    return keras.Model(code, image, name=name)


def dense_mapping(
    code_shape: Sequence[int],
    widths: Sequence[int] = (256, 256, 256),
    dtype: Any = None,
    name: str = "mapping",
) -> keras.Model:
    """Dense layers with leaky ReLU: noise becomes a code of the same shape.

    Args:
        code_shape: The shape of a code: (d,), or (h, w, c) of a map.
        widths: The number of units of each hidden layer, first to last. Defaults to
            `(256, 256, 256)`.
        dtype: The dtype policy of the layers; the code is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"mapping"`.

    Returns:
        A functional model: (batch, *code_shape) to the same shape.

    Raises:
        ValueError: If `code_shape` or `widths` isn't as described.

    Source: Karras, Laine and Aila 2019, "A style-based generator architecture for
    generative adversarial networks", section 2, which takes eight layers.

    >>> dense_mapping((6,), widths=(32, 32)).output_shape
    (None, 6)
    """
    if not is_vector_shape(code_shape) and not is_map_shape(code_shape):
        raise ValueError(
            "`code_shape` must be (d,) or (h, w, c), of positive integers. "
            f"Received: {code_shape=}"
        )
    code_shape = tuple(map(int, code_shape))
    widths = checked_widths(widths)
    noise = keras.Input(code_shape, name="noise")
    x = layers.Flatten(dtype=dtype)(noise)
    for width in widths:
        x = layers.Dense(width, dtype=dtype)(x)
        x = layers.LeakyReLU(negative_slope=0.2, dtype=dtype)(x)
    x = layers.Dense(math.prod(code_shape), dtype="float32")(x)
    return keras.Model(noise, layers.Reshape(code_shape, dtype="float32")(x), name=name)


def check_mapping(argument: str, mapping: Any, shape: tuple[int, ...]) -> None:
    """Refuse what doesn't make values of a shape of values of that shape.

    Args:
        argument: The network's name, for the message.
        mapping: What the caller gave.
        shape: The shape of a code.

    Raises:
        ValueError: If it isn't a Keras model from (batch, *shape) to the same shape.
    """
    check_model(argument, mapping)
    taken = getattr(mapping, "input_shape", None)
    given = getattr(mapping, "output_shape", None)
    if taken != (None, *shape) or given != taken:
        raise ValueError(
            f"`{argument}` must take values of shape {(None, *shape)} and give values "
            f"of that shape. Received: {argument}.input_shape={taken}, "
            f"{argument}.output_shape={given}"
        )
