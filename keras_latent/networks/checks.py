"""Checks of the arguments that the networks share."""

from typing import Any

import keras

from keras_latent.validation import (
    are_positive_integers,
    checked_positive_integer,
    checked_positive_integers,
)

SMALLEST_SIDE = 8


def checked_image_shape(image_shape: Any) -> tuple[int, int, int]:
    """The height, width and channels of an image, as Python's integers.

    Raises:
        ValueError: If `image_shape` is not (height, width, channels) with a height
            and width of at least 8 and 1 to 4 channels.

    >>> checked_image_shape((28, 28))
    Traceback (most recent call last):
    ...
    ValueError: `image_shape` must be (height, width, channels) with a height and
    width of at least 8 and 1 to 4 channels. Received: image_shape=(28, 28)
    """
    if not is_image_shape(image_shape):
        raise ValueError(
            "`image_shape` must be (height, width, channels) with a height and width "
            f"of at least {SMALLEST_SIDE} and 1 to 4 channels. "
            f"Received: image_shape={image_shape!r}"
        )
    height, width, channels = image_shape
    return int(height), int(width), int(channels)


def checked_widths(widths: Any) -> tuple[int, ...]:
    """At least one positive integer, as Python's integers.

    Raises:
        ValueError: If `widths` is empty, or holds anything else.

    >>> checked_widths((32, 0))
    Traceback (most recent call last):
    ...
    ValueError: `widths` must be a sequence of at least one positive integer.
    Received: widths=(32, 0)
    """
    if not are_positive_integers(widths) or not len(widths):
        raise ValueError(
            "`widths` must be a sequence of at least one positive integer. "
            f"Received: widths={widths!r}"
        )
    return checked_positive_integers("widths", widths)


def checked_decoder_arguments(
    image_shape: Any, latent_dim: Any, widths: Any
) -> tuple[tuple[int, int, int], int, tuple[int, ...]]:
    """What an image decoder is built from, as Python's integers."""
    return (
        checked_image_shape(image_shape),
        checked_positive_integer("latent_dim", latent_dim),
        checked_widths(widths),
    )


def check_model(argument: str, network: Any) -> None:
    """Refuse what isn't a Keras model.

    Args:
        argument: The argument's name, for the message.
        network: What the caller gave.

    Raises:
        ValueError: If it isn't one.
    """
    if not isinstance(network, keras.Model):
        raise ValueError(
            f"`{argument}` must be a Keras model. Received: {argument}={network!r} "
            f"of type {type(network).__name__}"
        )


def is_image_shape(shape: Any) -> bool:
    """Whether the networks can read and make images of this shape."""
    return (
        is_map_shape(shape) and min(shape[:2]) >= SMALLEST_SIDE and 1 <= shape[2] <= 4
    )


def is_vector_shape(shape: Any) -> bool:
    """Whether this is the shape (n,) of a vector."""
    return are_positive_integers(shape) and len(shape) == 1


def is_map_shape(shape: Any) -> bool:
    """Whether this is the shape (height, width, channels) of a map."""
    return are_positive_integers(shape) and len(shape) == 3
