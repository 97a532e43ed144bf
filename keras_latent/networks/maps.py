"""Convolutional networks between images and codes that are maps."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.networks.checks import checked_image_shape, is_map_shape
from keras_latent.networks.convolutional import (
    convolutional_encoder,
    default_widths,
    halved_sizes,
    image_from_map,
)

_MOST_HALVINGS = 12


def map_widths(
    image_shape: Sequence[int], code_shape: Sequence[int]
) -> tuple[int, ...]:
    """Channels of the maps from an image to a code of this height and width.

    Args:
        image_shape: (height, width, channels).
        code_shape: (h, w, c), the image's size halved at least once, rounding up.

    Returns:
        The channels at each size, that of the image first.

    Raises:
        ValueError: If no number of halvings leads to that size.

    >>> map_widths((32, 32, 3), (8, 8, 4))
    (32, 64, 128)
    """
    halvings = check_is_halved(image_shape, code_shape)
    widest = default_widths(image_shape)[-1]
    # The smallest map is as wide as that of the networks of vectors.
    return tuple(max(16, widest // 2**depth) for depth in range(halvings, -1, -1))


def check_is_halved(image_shape: Sequence[int], code_shape: Any) -> int:
    """Refuse a code that isn't as high and wide as an image halved some times.

    Args:
        image_shape: (height, width, channels).
        code_shape: (h, w, c) of the code.

    Returns:
        How often it is halved, rounding up.

    Raises:
        ValueError: If no number of halvings leads to that size.

    >>> check_is_halved((32, 32, 3), (8, 8, 4))
    2
    """
    image_shape = checked_image_shape(image_shape)
    if not is_map_shape(code_shape):
        raise ValueError(
            "`code_shape` must be (height, width, channels) of a map. "
            f"Received: code_shape={code_shape!r}"
        )
    sizes = halved_sizes(image_shape[:2], _MOST_HALVINGS)
    size = code_shape[0], code_shape[1]
    if size not in sizes[1:]:
        possible = [size for size in dict.fromkeys(sizes[1:]) if min(size) > 1]
        raise ValueError(
            "`code_shape` must have the height and width of the image halved some "
            f"times: one of {possible}. Received: code_shape={tuple(code_shape)} for "
            f"image_shape={image_shape}"
        )
    return sizes.index(size)


def map_encoder(
    image_shape: Sequence[int],
    code_shape: Sequence[int],
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """Strided convolutions from an image to a map of a code's height and width.

    Args:
        image_shape: (height, width, channels), 1 to 4 channels.
        code_shape: (h, w, c) of the code, whose channels the model's own projection
            makes.
        dtype: The dtype policy of the layers. Defaults to `None`: the global one.
        name: The model's name. Defaults to `"encoder"`.

    Returns:
        A functional model: (batch, height, width, channels) to (batch, h, w, 128).

    Raises:
        ValueError: If the image can't be halved to that height and width.

    >>> map_encoder((32, 32, 3), (8, 8, 4)).output_shape
    (None, 8, 8, 128)
    """
    widths = map_widths(image_shape, code_shape)
    return convolutional_encoder(image_shape, widths[1:], dtype=dtype, name=name)


def map_decoder(
    image_shape: Sequence[int],
    code_shape: Sequence[int],
    output_activation: str | None = "sigmoid",
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """Convolutions and doubling: a code that is a map becomes an image.

    Args:
        image_shape: (height, width, channels) of the output, 1 to 4 channels.
        code_shape: (h, w, c) of the code: the image's size halved some times.
        output_activation: The last activation; `None` gives logits. Defaults to
            `"sigmoid"`.
        dtype: The dtype policy of the layers; the output is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"decoder"`.

    Returns:
        A functional model: (batch, h, w, c) to (batch, height, width, channels).

    Raises:
        ValueError: If the image can't be halved to that height and width.

    >>> map_decoder((32, 32, 3), (8, 8, 4)).output_shape
    (None, 32, 32, 3)
    """
    widths = map_widths(image_shape, code_shape)[::-1]
    code = keras.Input(tuple(map(int, code_shape)), name="code")
    x = layers.Conv2D(widths[0], 3, padding="same", activation="relu", dtype=dtype)(
        code
    )
    image = image_from_map(x, image_shape, widths, output_activation, dtype=dtype)
    return keras.Model(code, image, name=name)
