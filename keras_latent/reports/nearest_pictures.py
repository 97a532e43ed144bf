"""The training image that is nearest to each of some images, by their pixels."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from keras_latent.reports.averages import averaged
from keras_latent.reports.examples import Examples

if TYPE_CHECKING:
    from keras_latent.reports.reported_model import ReportedModel

HELD_OUT = 100
"""Held-out images whose nearest training images are sought, as a sample of all."""

_SIDE = 64


class Nearest(NamedTuple):
    """The image that is nearest to each of some images.

    Args:
        rows: Integers of shape (count,): which of the others it is.
        distances: float64 of shape (count,): root mean square difference of the pixels.
    """

    rows: np.ndarray
    distances: np.ndarray


def nearest_pictures(images: np.ndarray, others: Iterator[np.ndarray]) -> Nearest:
    """Seek the nearest of others for each image, batch by batch.

    Args:
        images: Array of shape (count, height, width, channels).
        others: Batches of the same shape.
    """
    points = images.reshape(len(images), -1).astype("float64")
    rows = np.zeros(len(points), "int64")
    squares = np.full(len(points), np.inf)
    start = 0
    for batch in others:
        there = batch.reshape(len(batch), -1).astype("float64")
        lengths = np.square(there).sum(axis=1)
        # Less the square of the image's own length, the same for all others.
        order = (lengths - 2 * points @ there.T).argmin(axis=1)
        # Those of the nearest are measured anew: subtraction leaves little of them.
        exact = np.square(points - there[order]).mean(axis=1)
        nearer = exact < squares
        rows[nearer] = start + order[nearer]
        squares[nearer] = exact[nearer]
        start += len(there)
    return Nearest(rows, np.sqrt(squares))


def side_of_means(reported: "ReportedModel") -> int:
    """Pixels a side of the squares whose means are compared in place of pixels."""
    side = -(-max(reported.picture_shape[:2]) // _SIDE)
    return min(side, *reported.picture_shape[:2])


def nearest_known(
    reported: "ReportedModel", known: Examples, images: np.ndarray
) -> Nearest:
    """Seek the nearest training image for each image.

    Args:
        reported: Says how pictures are made of examples.
        known: The training images.
        images: Array of shape (count, height, width, channels).
    """
    side = side_of_means(reported)
    return nearest_pictures(
        averaged(images, side),
        (averaged(reported.pictures_in(one), side) for one in known.batches()),
    )
