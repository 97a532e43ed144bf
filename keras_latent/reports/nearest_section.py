"""The section of copies: generated images, and the training images nearest to them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from keras_latent.plots.image_rows import image_rows
from keras_latent.plots.style import styled
from keras_latent.reports.examples import Examples
from keras_latent.reports.generators import PRIOR, Generator, generators
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.results import averaged
from keras_latent.reports.section import Picture, Section, with_larger_labels

_SHOWN = 10
_SHOWN_NARROW = 4
_DRAWN = 100
_HELD_OUT = 100
_SIDE = 64


class Nearest(NamedTuple):
    """The image that is nearest to each of some images.

    Args:
        rows: Integers of shape (count,): which of the others it is.
        distances: float64 of shape (count,): root mean square difference of the pixels.
    """

    rows: np.ndarray
    distances: np.ndarray


def nearest_images(reported: ReportedModel) -> Section:
    """Generated images over the training images that are nearest to them."""
    known = reported.known_examples
    if known is None:
        raise ValueError(
            "`known` must be given: there are no training images. Received: known=None"
        )
    drawn = generators(reported)
    groups = [generator.draw(_DRAWN, reported.seed) for generator in drawn]
    held_out = reported.pictures(np.sort(reported.order[:_HELD_OUT]))
    # Large pictures are compared by means of their pixels.
    side = -(-max(reported.picture_shape[:2]) // _SIDE)
    side = min(side, *reported.picture_shape[:2])
    found = _split(
        nearest_pictures(
            averaged(np.concatenate([*groups, held_out]), side),
            (averaged(reported.pictures_in(one), side) for one in known.batches()),
        ),
        [*map(len, groups), len(held_out)],
    )
    pixels = f"means of {side} by {side} pixels" if side > 1 else "pixels"
    usual = float(np.median(found[-1].distances))
    return Section(
        "Nearest training images",
        f"Generated images, and below each the one of {known.count:,} training images "
        "that is nearest to it, with the root mean square difference of their "
        f"{pixels}. "
        f"Held-out images, of which none can be a copy, are {usual:.3f} away from "
        "theirs in the median; what is much nearer may be a copy, or be so smooth that "
        "it is near to many.",
        [
            _picture(reported, known, *one, usual)
            for one in zip(drawn, groups, found[:-1], strict=True)
        ],
    )


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


def _split(found: Nearest, sizes: list[int]) -> list[Nearest]:
    ends = np.cumsum(sizes)[:-1]
    parts = (np.split(column, ends) for column in found)
    return [Nearest(*part) for part in zip(*parts, strict=True)]


def _picture(
    reported: ReportedModel,
    known: Examples,
    generator: Generator,
    images: np.ndarray,
    found: Nearest,
    usual: float,
) -> Picture:
    # The nearest of all drawn would be no fair sample.
    shown = slice(_SHOWN)
    pairs = np.stack(
        [images[shown], reported.pictures_in(known.take(found.rows[shown]))]
    )
    what = "the prior" if generator.name == PRIOR else f"the sampler {generator.name}"
    share = float(np.mean(found.distances < usual))
    closest = float(found.distances.min())
    return Picture(
        _drawn(pairs, found.distances),
        f"{pairs.shape[1]} images of {what}, each above its nearest training image.",
        with_larger_labels(
            _drawn(pairs[:, :_SHOWN_NARROW], found.distances[:_SHOWN_NARROW])
        ),
        f"Of {len(images)} images of {what}, {share:.0%} are nearer to a training "
        "image than held-out ones are in the median; the nearest of all is "
        f"{closest:.3f} away.",
    )


@styled
def _drawn(pairs: np.ndarray, distances: np.ndarray) -> object:
    labels = [f"{distance:.3f}" for distance in distances[: pairs.shape[1]]]
    return image_rows([pairs], [labels], ["generated", "nearest"])
