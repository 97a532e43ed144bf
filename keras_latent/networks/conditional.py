"""Convolutional networks that are told a condition beside their input."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.networks.checks import checked_image_shape
from keras_latent.networks.convolutional import (
    convolutional_decoder,
    default_widths,
    strided,
)
from keras_latent.networks.maps import map_decoder, map_widths
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer


def conditional_networks(
    image_shape: tuple[int, int, int],
    code_size: int | tuple[int, ...],
    condition_size: int,
    output_activation: str | None,
) -> dict[str, keras.Model]:
    """`conditional_encoder` and `conditional_decoder` of one code, by these names.

    Args:
        image_shape: (height, width, channels), 1 to 4 channels.
        code_size: Number of dimensions of the code, or its shape (h, w, c).
        condition_size: Length of the condition's vector.
        output_activation: The decoder's last activation; `None` gives logits.

    >>> list(conditional_networks((28, 28, 1), 8, 10, None))
    ['encoder', 'decoder']
    """
    shape = None if isinstance(code_size, int) else code_size
    return {
        "encoder": conditional_encoder(image_shape, condition_size, shape),
        "decoder": conditional_decoder(
            image_shape, code_size, condition_size, output_activation
        ),
    }


def conditional_encoder(
    image_shape: Sequence[int],
    condition_size: int,
    code_shape: Sequence[int] | None = None,
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """Strided convolutions over an image and a map that is made of the condition.

    Args:
        image_shape: (height, width, channels), 1 to 4 channels.
        condition_size: Length of the condition's vector.
        code_shape: (h, w, c) of a code that is a map, to whose height and width the
            image is halved. Defaults to `None`: as `default_widths` says.
        dtype: The dtype policy of the layers. Defaults to `None`: the global one.
        name: The model's name. Defaults to `"encoder"`.

    Returns:
        A functional model: [(batch, height, width, channels), (batch, condition_size)]
        to a map.

    >>> conditional_encoder((28, 28, 1), 10).output_shape
    (None, 4, 4, 128)
    """
    image_shape = checked_image_shape(image_shape)
    condition_size = checked_positive_integer("condition_size", condition_size)
    if code_shape is None:
        widths = default_widths(image_shape)
    else:
        widths = map_widths(image_shape, code_shape)
    image = keras.Input(image_shape, name="image")
    condition = keras.Input((condition_size,), name="condition")
    told = layers.Concatenate(dtype=dtype)(
        [image, _as_map(condition, image_shape[:2], dtype)]
    )
    return keras.Model([image, condition], strided(told, widths[1:], dtype), name=name)


def conditional_decoder(
    image_shape: Sequence[int],
    code_size: int | Sequence[int],
    condition_size: int,
    output_activation: str | None = "sigmoid",
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """Convolutions and doubling from a code and a condition side by side to an image.

    Args:
        image_shape: (height, width, channels) of the output, 1 to 4 channels.
        code_size: The length of the code, or its shape (h, w, c).
        condition_size: Length of the condition's vector.
        output_activation: The last activation; `None` gives logits. Defaults to
            `"sigmoid"`.
        dtype: The dtype policy of the layers; the output is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"decoder"`.

    Returns:
        A functional model: [code, (batch, condition_size)] to (batch, height, width,
        channels).

    >>> conditional_decoder((28, 28, 1), 8, 10).output_shape
    (None, 28, 28, 1)
    """
    condition_size = checked_positive_integer("condition_size", condition_size)
    condition = keras.Input((condition_size,), name="condition")
    if isinstance(code_size, int):
        code = keras.Input((code_size,), name="code")
        told = layers.Concatenate(dtype=dtype)([code, condition])
        inner = convolutional_decoder(
            image_shape,
            code_size + condition_size,
            default_widths(image_shape)[::-1],
            output_activation,
            dtype,
        )
    else:
        *size, channels = code_size
        code = keras.Input(tuple(code_size), name="code")
        told = layers.Concatenate(dtype=dtype)([code, _as_map(condition, size, dtype)])
        inner = map_decoder(
            image_shape, (*size, channels + 1), output_activation, dtype
        )
    return keras.Model([code, condition], inner(told), name=name)


def _as_map(condition: Tensor, size: Sequence[int], dtype: Any) -> Tensor:
    """A map of one channel that a dense layer makes of a vector."""
    height, width = size
    x = layers.Dense(height * width, dtype=dtype)(condition)
    return layers.Reshape((height, width, 1), dtype=dtype)(x)
