"""Checks of the arguments that the networks share."""

from collections.abc import Sequence
from typing import Any

from keras_latent.validation import check_positive_integer

SMALLEST_SIDE = 8


def check_image_shape(image_shape: Any) -> None:
    """Refuse what is not the shape of an image.

    Raises:
        ValueError: If `image_shape` is not (height, width, channels) with a height
            and width of at least 8 and 1 or 3 channels.

    >>> check_image_shape((28, 28))
    Traceback (most recent call last):
    ...
    ValueError: `image_shape` must be (height, width, channels) with a height and
    width of at least 8 and 1 or 3 channels. Received: image_shape=(28, 28)
    """
    if (
        not _is_sequence_of_integers(image_shape)
        or len(image_shape) != 3
        or min(image_shape[:2]) < SMALLEST_SIDE
        or image_shape[2] not in (1, 3)
    ):
        raise ValueError(
            "`image_shape` must be (height, width, channels) with a height and width "
            f"of at least {SMALLEST_SIDE} and 1 or 3 channels. "
            f"Received: image_shape={image_shape!r}"
        )


def check_widths(widths: Any) -> None:
    """Refuse what is not a sequence of at least one positive integer.

    Raises:
        ValueError: If `widths` is empty, or holds anything else.

    >>> check_widths((32, 0))
    Traceback (most recent call last):
    ...
    ValueError: `widths` must be a sequence of at least one positive integer.
    Received: widths=(32, 0)
    """
    if not _is_sequence_of_integers(widths) or not widths or min(widths) < 1:
        raise ValueError(
            "`widths` must be a sequence of at least one positive integer. "
            f"Received: widths={widths!r}"
        )


def check_decoder_arguments(image_shape: Any, latent_dim: Any, widths: Any) -> None:
    """Refuse arguments that no image decoder can be built from."""
    check_image_shape(image_shape)
    check_positive_integer("latent_dim", latent_dim)
    check_widths(widths)


def _is_sequence_of_integers(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and all(isinstance(n, int) and not isinstance(n, bool) for n in value)
    )
