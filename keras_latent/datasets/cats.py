"""Cats: the full product of five factors, composed of drawings by hand."""

from functools import lru_cache

from keras_latent.datasets.composed import ComposedSource, Layer, combinations
from keras_latent.datasets.robohash_drawings import (
    SIDE,
    drawings_folder,
    read_drawings,
)

FACTORS: dict[str, tuple] = {
    "body": tuple(range(15)),
    "fur": tuple(range(10)),
    "eyes": tuple(range(15)),
    "mouth": tuple(range(10)),
    "accessory": tuple(range(16)),
}
"""The values of each factor, in the order of the labels: the numbers of the drawings.
The body brings the cat's colour. `fur` 2 and 6 are both no pattern, `accessory` 15 is
none."""

SIZES = {"train": 340_000, "validation": 10_000, "test": 10_000}


def open_cats(split: str, image_size: tuple[int, int] | None = None) -> ComposedSource:
    """Open a split of the cats.

    The 360,000 combinations of the factors are split once and for all, by chance; any
    part of a split is a fair sample. Two cats that differ in nothing but `fur` 2 and 6
    look the same, and are in one split. Cats are composed when they are read.

    Args:
        split: `"train"`, `"validation"` or `"test"`, with a slice or without.
        image_size: `(height, width)` of the cats. `None` for 64 x 64.

    Returns:
        A `Source` of images of three channels, labelled with the indices of their
        factors, int64 of shape (5,), in the order of `FACTORS`.

    Raises:
        ImportError: If the package robohash isn't installed.
        ValueError: If there is no such split.

    Source: drawings of the package robohash 2.0 by e1ven, made in 2016 by David Revoy,
    CC BY 4.0, https://www.peppercarrot.com/extras/html/2016_cat-generator/.
    """
    labels = combinations(split, SIZES, FACTORS, twins={"fur": (2, 6)})
    layers = _layers(image_size or (SIDE, SIDE))
    return ComposedSource(layers, labels, tuple(SIZES), tuple(FACTORS))


@lru_cache(maxsize=2)
def _layers(size: tuple[int, int]) -> tuple[Layer, ...]:
    counts = {factor: len(values) for factor, values in FACTORS.items()}
    drawings = read_drawings(drawings_folder("cats", "set4"), size, counts)
    return tuple(Layer((row,), drawings[part]) for row, part in enumerate(FACTORS))
