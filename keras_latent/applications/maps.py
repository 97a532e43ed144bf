"""What the architectures whose codes are maps share."""

import math
from collections.abc import Callable, Sequence

import keras

from keras_latent import networks
from keras_latent.networks.convolutional import halved_sizes

WIDTH = 64
DOWNSAMPLING = 4


def map_encoder(
    image_shape: Sequence[int], trained_shape: Sequence[int]
) -> keras.Model:
    """The residual encoder that they share, whatever it was trained on."""
    return networks.residual_encoder(
        image_shape, DOWNSAMPLING, width=WIDTH, halved_first=True
    )


def map_decoder(image_shape: Sequence[int], code_shape: Sequence[int]) -> keras.Model:
    """The residual decoder that they share."""
    return networks.residual_decoder(
        image_shape, code_shape, width=WIDTH, halved_first=True
    )


def code_size_of(channels: int) -> Callable[[Sequence[int]], int]:
    """From the shape of an image to the numbers of a code of so many channels."""

    def code_size(image_shape: Sequence[int]) -> int:
        return channels * math.prod(_size(image_shape))

    return code_size


def code_shape_of(image_shape: Sequence[int], latent_dim: int) -> tuple[int, int, int]:
    """The shape of a map of so many numbers.

    Raises:
        ValueError: If they don't fill it.
    """
    height, width = _size(image_shape)
    if latent_dim % (height * width):
        raise ValueError(
            f"`latent_dim` must be a multiple of {height} x {width}, the size of the "
            f"code of images of {image_shape[0]} x {image_shape[1]}. "
            f"Received: latent_dim={latent_dim}"
        )
    return height, width, latent_dim // (height * width)


def _size(image_shape: Sequence[int]) -> tuple[int, int]:
    return halved_sizes(image_shape[:2], int(math.log2(DOWNSAMPLING)))[-1]
