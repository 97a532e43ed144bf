"""Coloured shapes with known factors, drawn by formulas.

For tests, and for measuring whether a code separates the factors that made an
image. In the spirit of dSprites (Matthey et al. 2017), with colour, and with a
rotation of less than a quarter turn, so that no two labels give the same image.
"""

import numpy as np

from keras_latent.datasets.composed import combinations
from keras_latent.datasets.source import (
    ArraySource,
    ImageSize,
    height_and_width,
)

FACTORS: dict[str, tuple] = {
    "shape": ("square", "ellipse", "triangle"),
    "scale": (0.16, 0.22, 0.28, 0.34),
    "rotation": (0.0, 22.5, 45.0, 67.5),
    "x": (0.3, 0.38, 0.46, 0.54, 0.62, 0.7),
    "y": (0.3, 0.38, 0.46, 0.54, 0.62, 0.7),
    "colour": ("red", "green", "blue", "yellow"),
}
"""The values of each factor, in the order of the labels. `scale` is the square root
of the area, `x` (to the right) and `y` (downwards) place the centre, both as
fractions of the image's sides; `rotation` is in degrees, clockwise."""

_COLOURS = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)], np.float32)
_SIZES = {"train": 6_000, "test": 912}
_RENDERED_AT_ONCE = 256


def open_shapes(split: str, image_size: tuple[int, int] | None = None) -> ArraySource:
    """Render a split of the shapes.

    The 6,912 combinations of the factors are split once and for all, by chance, into
    6,000 for training and 912 for testing; any part of a split is a fair sample.

    Args:
        split: `"train"` or `"test"`, with a slice or without.
        image_size: `(height, width)` to render at. `None` for 32 x 32.

    Returns:
        A `Source` of images of three channels, labelled with the indices of their
        factors, int64 of shape (6,), in the order of `FACTORS`.
    """
    factors = combinations(split, _SIZES, FACTORS)
    images = render(factors, image_size or (32, 32))
    return ArraySource(images, factors, _SIZES, factor_names=FACTORS)


def render(factors: np.ndarray, image_size: ImageSize = 32) -> np.ndarray:
    """Draw shapes on black.

    Args:
        factors: Integer array of shape (n, 6): indices into the values of `FACTORS`.
        image_size: Side in pixels, or `(height, width)`.

    Returns:
        uint8 array of shape (n, height, width, 3).

    Raises:
        ValueError: If `factors` is not of that shape, or an index is out of range.

    >>> render([[0, 3, 0, 2, 2, 0]]).shape
    (1, 32, 32, 3)
    """
    factors = np.asarray(factors)
    counts = [len(values) for values in FACTORS.values()]
    if factors.ndim != 2 or factors.shape[1] != len(counts):
        raise ValueError(
            f"`factors` must be of shape (n, {len(counts)}). "
            f"Received: factors of shape {factors.shape}"
        )
    if np.any(factors < 0) or np.any(factors >= counts):
        raise ValueError(
            f"`factors` must be indices of at least 0 and below {counts}. "
            f"Received: factors from {factors.min(axis=0)} to {factors.max(axis=0)}"
        )
    height, width = height_and_width(image_size)
    images = np.empty((len(factors), height, width, 3), np.uint8)
    for start in range(0, len(factors), _RENDERED_AT_ONCE):
        some = factors[start : start + _RENDERED_AT_ONCE]
        coverage = _coverage(some, height, width)
        colours = _COLOURS[some[:, 5]][:, np.newaxis, np.newaxis]
        images[start : start + len(some)] = np.rint(
            255 * coverage[..., np.newaxis] * colours
        )
    return images


def _coverage(factors: np.ndarray, height: int, width: int) -> np.ndarray:
    """Give the part of each pixel that the shape covers, (n, height, width)."""
    scale, degrees, x, y = (
        np.array(FACTORS[name], np.float32)[column][:, np.newaxis, np.newaxis]
        for name, column in zip(
            ("scale", "rotation", "x", "y"), factors.T[1:5], strict=True
        )
    )
    right = (np.arange(width, dtype=np.float32) + 0.5) / width - x
    down = (np.arange(height, dtype=np.float32)[:, np.newaxis] + 0.5) / height - y
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    u = (cosine * right + sine * down) / scale
    v = (cosine * down - sine * right) / scale
    distance = np.empty_like(u)
    for shape, signed_distance in enumerate((_square, _ellipse, _triangle)):
        rows = factors[:, 0] == shape
        distance[rows] = signed_distance(u[rows], v[rows])
    # A pixel whose centre is on the outline is covered by half.
    pixels = distance * scale * min(height, width)
    return np.clip(0.5 - pixels, 0, 1)


# Each shape has its centroid at the origin and an area of 1. The distance to its
# outline is negative inside, exact to first order near the outline.


def _square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) - 0.5


def _ellipse(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    minor = 1 / np.sqrt(2 * np.pi)
    major = 2 * minor
    radius = np.hypot(u / major, v / minor)
    slope = np.hypot(u / major**2, v / minor**2)
    # Both vanish at the centre, where their ratio matters little but must be finite.
    return (radius - 1) * np.maximum(radius, 1e-6) / np.maximum(slope, 1e-6)


def _triangle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    inradius = 27**-0.25
    sides = 0.5 * (np.sqrt(3) * np.abs(u) - v)
    return np.maximum(sides, v) - inradius
