"""Robots: the full product of six factors, composed of drawings by hand."""

from functools import lru_cache

import numpy as np

from keras_latent.datasets.composed import ComposedSource, Layer, combinations
from keras_latent.datasets.robohash_drawings import (
    SIDE,
    drawings_folder,
    read_drawings,
)

FACTORS: dict[str, tuple] = {
    "colour": (
        "blue",
        "brown",
        "green",
        "grey",
        "orange",
        "pink",
        "purple",
        "red",
        "white",
        "yellow",
    ),
    "body": tuple(range(1, 11)),
    "face": tuple(range(1, 11)),
    "accessory": tuple(range(1, 11)),
    "eyes": tuple(range(1, 11)),
    "mouth": tuple(range(1, 11)),
}
"""The values of each factor, in the order of the labels: a colour, and the numbers of
the drawings, from the lowest layer to the uppermost. A number means the same form in
each colour."""

SIZES = {"train": 980_000, "validation": 10_000, "test": 10_000}


def open_robots(
    split: str, image_size: tuple[int, int] | None = None
) -> ComposedSource:
    """Open a split of the robots.

    The 1,000,000 combinations of the factors are split once and for all, by chance; any
    part of a split is a fair sample. Robots are composed when they are read.

    Args:
        split: `"train"`, `"validation"` or `"test"`, with a slice or without.
        image_size: `(height, width)` of the robots. `None` for 64 x 64.

    Returns:
        A `Source` of images of three channels, labelled with the indices of their
        factors, int64 of shape (6,), in the order of `FACTORS`.

    Raises:
        ImportError: If the package robohash isn't installed.
        ValueError: If there is no such split.

    Source: drawings of the package robohash 2.0 by e1ven, made by Zikri Kader,
    CC BY 3.0 or 4.0.
    """
    labels = combinations(split, SIZES, FACTORS)
    layers = _layers(image_size or (SIDE, SIDE))
    return ComposedSource(layers, labels, tuple(SIZES), tuple(FACTORS))


@lru_cache(maxsize=2)
def _layers(size: tuple[int, int]) -> tuple[Layer, ...]:
    folder = drawings_folder("robots", "set1")
    colours, *parts = FACTORS
    counts = {part: len(FACTORS[part]) for part in parts}
    drawings = [
        read_drawings(folder / colour, size, counts) for colour in FACTORS[colours]
    ]
    return tuple(
        Layer((0, row), np.stack([of_colour[part] for of_colour in drawings]))
        for row, part in enumerate(parts, start=1)
    )
