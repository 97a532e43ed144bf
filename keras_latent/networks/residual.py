"""Residual encoders and decoders: deeper than plain ones, to vectors and maps."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.networks.checks import checked_image_shape, is_map_shape
from keras_latent.networks.convolutional import doubled, halved_sizes
from keras_latent.networks.maps import check_is_halved
from keras_latent.typing import Tensor
from keras_latent.validation import (
    check_choice,
    checked_positive_integer,
    checked_switch,
)

_SMALLEST_SIDE = 8
_LARGEST_FACTOR = 4
"""How many times as wide as the largest map the smallest ones are."""
_GROUPS = 8
_DOWNSAMPLING = (2, 4, 8, 16, 32)


def residual_encoder(
    image_shape: Sequence[int],
    downsampling: int | None = None,
    width: int = 32,
    blocks: int = 1,
    attention: bool = False,
    dtype: Any = None,
    name: str = "encoder",
    halved_first: bool = False,
) -> keras.Model:
    """Residual blocks between strided convolutions: an image becomes a small map.

    A block is group normalisation, SiLU and a 3×3 convolution, twice, beside a
    shortcut. Each halving is a 4×4 convolution with stride 2; maps have `width`,
    2·`width` and from then on 4·`width` channels.

    Args:
        image_shape: (height, width, channels), height and width at least 8, 1 to 4
            channels; made for 32 to 256 pixels.
        downsampling: How many times as small as the image the map is, a power of 2 up
            to 32. Defaults to `None`: until a side has at most 8 pixels, for a code
            that is a vector.
        width: Channels of the largest map. Defaults to 32.
        blocks: Residual blocks at each size. Defaults to 1.
        attention: Whether positions of the smallest map attend to each other. Defaults
            to `False`.
        dtype: The dtype policy of the layers. Defaults to `None`: the global one.
        name: The model's name. Defaults to `"encoder"`.
        halved_first: Whether the first convolution halves the image, so that no block
            works at its own size: most of the cost is there. The first maps are then
            half as large, and `width` counts from them. Defaults to `False`.

    Returns:
        A functional model: (batch, height, width, channels) to (batch, h, w, c).

    Raises:
        ValueError: If an argument isn't as described.

    Source: He et al. 2016, "Identity mappings in deep residual networks"; Esser,
    Rombach and Ommer 2021, appendix A.

    >>> residual_encoder((64, 64, 3), downsampling=4, width=8).output_shape
    (None, 16, 16, 32)
    """
    image_shape = checked_image_shape(image_shape)
    _check_depth(width, blocks)
    _check_switches(attention, halved_first)
    if downsampling is None:
        halvings = _halvings_to_vector(image_shape)
    else:
        check_choice("downsampling", downsampling, _DOWNSAMPLING)
        halvings = int(math.log2(downsampling))
    widths = _widths(width, halvings - halved_first)
    image = keras.Input(image_shape, name="image")
    if halved_first:
        x = layers.Conv2D(width, 4, strides=2, padding="same", dtype=dtype)(image)
    else:
        x = layers.Conv2D(width, 3, padding="same", dtype=dtype)(image)
    for here, after in itertools.pairwise(widths):
        x = _blocks(x, here, blocks, dtype)
        x = layers.Conv2D(after, 4, strides=2, padding="same", dtype=dtype)(x)
    x = _blocks(x, widths[-1], blocks, dtype, attention)
    return keras.Model(image, _activated(x, dtype), name=name)


def residual_decoder(
    image_shape: Sequence[int],
    code_size: int | Sequence[int],
    output_activation: str | None = "sigmoid",
    width: int = 32,
    blocks: int = 1,
    attention: bool = False,
    dtype: Any = None,
    name: str = "decoder",
    halved_first: bool = False,
) -> keras.Model:
    """Residual blocks between doublings: a code becomes an image.

    The mirror of `residual_encoder`: every pixel is repeated along both sides, and a
    3×3 convolution follows.

    Args:
        image_shape: (height, width, channels) of the output, height and width at least
            8, 1 to 4 channels.
        code_size: The length of a code that is a vector, or the shape (h, w, c) of one
            that is a map: the image halved some times.
        output_activation: The last activation; `None` gives logits. Defaults to
            `"sigmoid"`.
        width: Channels of the largest map. Defaults to 32.
        blocks: Residual blocks at each size. Defaults to 1.
        attention: Whether positions of the smallest map attend to each other. Defaults
            to `False`.
        dtype: The dtype policy of the layers; the output is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"decoder"`.
        halved_first: Whether the encoder that it mirrors halves first: no block works
            at the size of the image. Defaults to `False`.

    Returns:
        A functional model: (batch, code_size) or (batch, h, w, c) to (batch, height,
        width, channels).

    Raises:
        ValueError: If an argument isn't as described.

    >>> residual_decoder((64, 48, 3), code_size=(16, 12, 4), width=8).output_shape
    (None, 64, 48, 3)
    """
    image_shape = checked_image_shape(image_shape)
    _check_depth(width, blocks)
    _check_switches(attention, halved_first)
    if is_map_shape(code_size):
        code_shape = tuple(map(int, code_size))  # type: ignore[arg-type]
        halvings = check_is_halved(image_shape, code_shape)
    else:
        code_size = checked_positive_integer("code_size", code_size)
        code_shape = (code_size,)
        halvings = _halvings_to_vector(image_shape)
    widths = _widths(width, halvings - halved_first)
    sizes = halved_sizes(image_shape[:2], halvings)
    code = keras.Input(code_shape, name="code")
    if len(code_shape) == 1:
        smallest = (*sizes[-1], widths[-1])
        x = layers.Dense(math.prod(smallest), dtype=dtype)(code)
        x = layers.Reshape(smallest, dtype=dtype)(x)
    else:
        x = layers.Conv2D(widths[-1], 3, padding="same", dtype=dtype)(code)
    x = _blocks(x, widths[-1], blocks, dtype, attention)
    blocked = sizes[int(halved_first) :]
    for size, after in zip(blocked[-2::-1], widths[-2::-1], strict=True):
        x = doubled(x, size, dtype)
        x = layers.Conv2D(after, 3, padding="same", dtype=dtype)(x)
        x = _blocks(x, after, blocks, dtype)
    x = _activated(x, dtype)
    if halved_first:
        x = doubled(x, sizes[0], dtype)
    x = layers.Conv2D(image_shape[2], 3, padding="same", dtype=dtype)(x)
    image = layers.Activation(output_activation, dtype="float32", name="image")(x)
    return keras.Model(code, image, name=name)


def _check_switches(attention: Any, halved_first: Any) -> None:
    checked_switch("attention", attention)
    checked_switch("halved_first", halved_first)


def _check_depth(width: int, blocks: int) -> None:
    width = checked_positive_integer("width", width)
    blocks = checked_positive_integer("blocks", blocks)


def _halvings_to_vector(image_shape: Sequence[int]) -> int:
    return max(1, math.ceil(math.log2(max(image_shape[:2]) / _SMALLEST_SIDE)))


def _widths(width: int, halvings: int) -> list[int]:
    return [width * min(2**depth, _LARGEST_FACTOR) for depth in range(halvings + 1)]


def _blocks(
    x: Tensor, width: int, count: int, dtype: Any, attention: bool = False
) -> Tensor:
    for _ in range(count):
        x = _block(x, width, dtype)
    return _block(_attended(x, dtype), width, dtype) if attention else x


def _block(x: Tensor, width: int, dtype: Any) -> Tensor:
    y = layers.Conv2D(width, 3, padding="same", dtype=dtype)(_activated(x, dtype))
    y = layers.Conv2D(width, 3, padding="same", dtype=dtype)(_activated(y, dtype))
    return layers.Add(dtype=dtype)([x, y])


def _activated(x: Tensor, dtype: Any) -> Tensor:
    x = _normalised(x, dtype)
    return layers.Activation("silu", dtype=dtype)(x)


def _normalised(x: Tensor, dtype: Any) -> Tensor:
    groups = math.gcd(x.shape[-1], _GROUPS)
    return layers.GroupNormalization(groups, dtype=dtype)(x)


def _attended(x: Tensor, dtype: Any) -> Tensor:
    """Self-attention of the positions of a map, beside a shortcut."""
    *size, width = x.shape[1:]
    y = layers.Reshape((math.prod(size), width), dtype=dtype)(_normalised(x, dtype))
    y = layers.MultiHeadAttention(1, width, dtype=dtype)(y, y)
    y = layers.Reshape((*size, width), dtype=dtype)(y)
    return layers.Add(dtype=dtype)([x, y])
