"""Convolutional encoders and decoders for images of any size."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_latent.networks.checks import (
    checked_decoder_arguments,
    checked_image_shape,
    checked_widths,
)
from keras_latent.typing import Tensor

_SMALLEST_SIDE = 8
"""Pixels a side of the smallest map of default networks, at most."""


def convolutional_encoder(
    image_shape: Sequence[int],
    widths: Sequence[int] = (32, 64, 128),
    dtype: Any = None,
    name: str = "encoder",
) -> keras.Model:
    """Strided convolutions: an image becomes a small feature map.

    Each width adds one 4×4 convolution with stride 2 and ReLU, which halves height and
    width, rounding up. The stride divides the kernel, so that every pixel is seen
    equally often, which matters to gradients that flow into the image (Odena, Dumoulin
    and Olah 2016, "Deconvolution and checkerboard artifacts").

    Args:
        image_shape: (height, width, channels), height and width at least 8, 1 to 4
            channels.
        widths: The number of filters of each convolution, first to last. Defaults to
            `(32, 64, 128)`.
        dtype: The dtype policy of the layers. Defaults to `None`: the global one.
        name: The model's name. Defaults to `"encoder"`.

    Returns:
        A functional model: (batch, height, width, channels) to (batch, h, w,
        widths[-1]), where h and w are the sides halved `len(widths)` times.

    Raises:
        ValueError: If `image_shape` or `widths` isn't as described.

    >>> convolutional_encoder((28, 28, 1)).output_shape
    (None, 4, 4, 128)
    """
    image_shape = checked_image_shape(image_shape)
    widths = checked_widths(widths)
    image = keras.Input(image_shape, name="image")
    return keras.Model(image, strided(image, widths, dtype), name=name)


def strided(x: Tensor, widths: Sequence[int], dtype: Any = None) -> Tensor:
    """Apply 4×4 convolutions with stride 2 and ReLU, each of which halves a map."""
    for width in widths:
        x = layers.Conv2D(
            width, 4, strides=2, padding="same", activation="relu", dtype=dtype
        )(x)
    return x


def default_widths(image_shape: Sequence[int]) -> tuple[int, ...]:
    """Channels of the maps of default networks, the largest map first.

    Images of up to 64 pixels a side are halved three times, larger ones until the
    smallest map has at most 8 pixels a side.

    Args:
        image_shape: (height, width, channels).

    Returns:
        The channels, one number for each size.

    >>> default_widths((28, 28, 1))
    (16, 32, 64, 128)
    >>> len(default_widths((512, 512, 3)))
    7
    """
    image_shape = checked_image_shape(image_shape)
    halvings = max(3, math.ceil(math.log2(max(image_shape[:2]) / _SMALLEST_SIDE)))
    return tuple(min(16 * 2**depth, 128) for depth in range(halvings + 1))


def convolutional_decoder(
    image_shape: Sequence[int],
    latent_dim: int,
    widths: Sequence[int] = (128, 64, 32, 16),
    output_activation: str | None = "sigmoid",
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """Convolutions and doubling: a code becomes an image.

    A dense layer makes the smallest map, as small as that of a `convolutional_encoder`
    which halves as often as this doubles. Each step applies a 3×3 convolution with
    ReLU, repeats every pixel twice along both sides and crops to the size that the
    encoder had there; a last 3×3 convolution makes the image. Repeating leaves no
    checkerboard, which transposed convolutions do (Odena, Dumoulin and Olah 2016), and
    convolving before repeating takes half the time of convolving after it.

    Args:
        image_shape: (height, width, channels) of the output, height and width at least
            8, 1 to 4 channels.
        latent_dim: The length of the code.
        widths: The number of channels of each map, smallest map first: the dense layer
            makes the first, each step the next. Defaults to `(128, 64, 32, 16)`.
        output_activation: The last activation; `None` gives logits. Defaults to
            `"sigmoid"`.
        dtype: The dtype policy of the layers; the output is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"decoder"`.

    Returns:
        A functional model: (batch, latent_dim) to (batch, height, width, channels).

    Raises:
        ValueError: If `image_shape`, `latent_dim` or `widths` isn't as described.

    >>> decoder = convolutional_decoder((45, 30, 3), latent_dim=16)
    >>> decoder.output_shape
    (None, 45, 30, 3)
    """
    image_shape, latent_dim, widths = checked_decoder_arguments(
        image_shape, latent_dim, widths
    )
    code = keras.Input((latent_dim,), name="code")
    smallest = smallest_map(image_shape, widths)
    x = layers.Dense(math.prod(smallest), activation="relu", dtype=dtype)(code)
    x = layers.Reshape(smallest, dtype=dtype)(x)
    image = image_from_map(x, image_shape, widths, output_activation, dtype=dtype)
    return keras.Model(code, image, name=name)


def smallest_map(
    image_shape: Sequence[int], widths: Sequence[int]
) -> tuple[int, int, int]:
    """Shape of the map from which an image of this shape is made by doubling."""
    height, width = halved_sizes(image_shape[:2], len(widths) - 1)[-1]
    return height, width, widths[0]


def image_from_map(
    x: Tensor,
    image_shape: Sequence[int],
    widths: Sequence[int],
    output_activation: str | None,
    convolutions: int = 1,
    dtype: Any = None,
) -> Tensor:
    """Convolve and double the smallest map until it is an image.

    Args:
        x: Keras tensor of shape (batch, *smallest_map(image_shape, widths)).
        image_shape: (height, width, channels) of the output.
        widths: The number of channels of each map, smallest map first.
        output_activation: The last activation; `None` for none.
        convolutions: Convolutions at each size. Defaults to 1.
        dtype: The dtype policy of the layers. Defaults to `None`: the global one.

    Returns:
        Keras tensor of shape (batch, height, width, channels).
    """
    *image_size, channels = image_shape
    larger_sizes = halved_sizes(image_size, len(widths) - 1)[:-1]
    for size, width in zip(reversed(larger_sizes), widths[1:], strict=True):
        x = convolved(x, width, convolutions, dtype)
        x = doubled(x, size, dtype)
    x = layers.Conv2D(channels, 3, padding="same", dtype=dtype)(x)
    return layers.Activation(output_activation, dtype="float32", name="image")(x)


def convolved(x: Tensor, width: int, times: int, dtype: Any = None) -> Tensor:
    """Apply 3×3 convolutions with ReLU, which keep the size of a map."""
    for _ in range(times):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", dtype=dtype)(x)
    return x


def halved_sizes(size: Sequence[int], times: int) -> list[tuple[int, int]]:
    """The sizes that strided convolutions give, the full one first."""
    height, width = size
    sizes = [(height, width)]
    for _ in range(times):
        height, width = math.ceil(height / 2), math.ceil(width / 2)
        sizes.append((height, width))
    return sizes


def doubled(x: Tensor, size: tuple[int, int], dtype: Any) -> Tensor:
    """Each pixel repeated along both sides, then cropped to `size`."""
    x = layers.UpSampling2D(2, interpolation="nearest", dtype=dtype)(x)
    if x.shape[1:3] == size:
        return x
    height, width = size
    # `Cropping2D` is a strided slice, whose gradient is several times as slow on a CPU.
    return ops.image.crop_images(x, 0, 0, target_height=height, target_width=width)
