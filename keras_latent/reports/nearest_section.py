"""The section of copies: generated images, and the training images nearest to them."""

import numpy as np

from keras_latent.plots.image_rows import image_rows
from keras_latent.plots.style import styled
from keras_latent.reports.examples import Examples
from keras_latent.reports.generators import PRIOR, Generator, generators
from keras_latent.reports.nearest_pictures import Nearest, nearest_known, side_of_means
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.section import Picture, Section, with_larger_labels

_SHOWN = 10
_SHOWN_NARROW = 4
_DRAWN = 100


def nearest_images(reported: ReportedModel) -> Section:
    """Generated images over the training images that are nearest to them."""
    known, distances = reported.known_examples, reported.results.held_out_distances
    if known is None or distances is None:
        raise ValueError(
            "`known` must be given: there are no training images. Received: known=None"
        )
    usual = float(np.median(distances))
    drawn = generators(reported)
    groups = [generator.draw(_DRAWN, reported.seed) for generator in drawn]
    found = _split(
        nearest_known(reported, known, np.concatenate(groups)), list(map(len, groups))
    )
    side = side_of_means(reported)
    pixels = f"means of {side} by {side} pixels" if side > 1 else "pixels"
    return Section(
        "Nearest training images",
        f"Generated images, and below each the one of {known.count:,} training images "
        "that is nearest to it, with the root mean square difference of their "
        f"{pixels}. Held-out images, which the model has not seen, are {usual:.3f} "
        "away from theirs in the median; what is much nearer may be a copy, or be so "
        "smooth that it is near to many.",
        [
            _picture(reported, known, *one, usual)
            for one in zip(drawn, groups, found, strict=True)
        ],
    )


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
