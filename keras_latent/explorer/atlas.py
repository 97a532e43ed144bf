"""Thumbnails of all images in one picture, and pictures as PNG."""

import io
import math
from typing import NamedTuple

import numpy as np

from keras_latent.images import square_columns

LARGEST_SIDE = 4096
"""Pixels a side of an atlas: every browser that draws with WebGL takes as many."""


class Atlas(NamedTuple):
    """Thumbnails side by side, row by row.

    Args:
        columns: Thumbnails in a row.
        cell: (height, width) of one in pixels.
        pixels: uint8 of shape (height, width, 1 or 3).
    """

    columns: int
    cell: tuple[int, int]
    pixels: np.ndarray


class AtlasWriter:
    """Makes an atlas of pictures that come batch by batch.

    A picture stays as large as it is if all of them fit, and is made smaller otherwise:
    each pixel of the thumbnail is the mean of those that it stands for.

    Args:
        count: How many pictures there will be.
        shape: The `(height, width, channels)` of one.
        largest_side: Pixels a side of the atlas, at most. Defaults to 4096.
    """

    def __init__(
        self,
        count: int,
        shape: tuple[int, int, int],
        largest_side: int = LARGEST_SIDE,
    ) -> None:
        height, width, channels = shape
        self.columns = square_columns(count)
        rows = math.ceil(count / self.columns)
        scale = min(
            1.0,
            largest_side // self.columns / width,
            largest_side // rows / height,
        )
        self.cell = (max(1, int(height * scale)), max(1, int(width * scale)))
        self.is_whole = self.cell == (height, width)
        size = rows * self.cell[0], self.columns * self.cell[1], channels
        self._pixels = np.zeros(size, "uint8")
        self._next = 0

    def add(self, pictures: np.ndarray) -> None:
        """Put pictures behind the others.

        Args:
            pictures: uint8 of shape (count, height, width, channels).
        """
        for picture in pictures:
            row, column = divmod(self._next, self.columns)
            height, width = self.cell
            self._pixels[
                row * height : (row + 1) * height, column * width : (column + 1) * width
            ] = picture if self.is_whole else smaller(picture, self.cell)
            self._next += 1

    def atlas(self) -> Atlas:
        """The atlas."""
        return Atlas(self.columns, self.cell, self._pixels)


def smaller(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture in a smaller size, by the mean of the pixels.

    Args:
        picture: uint8 of shape (height, width, 1 or 3).
        size: The (height, width) that it gets.
    """
    from PIL import Image

    height, width = size
    image = _as_image(picture).resize((width, height), Image.Resampling.BOX)
    return np.asarray(image).reshape(height, width, picture.shape[-1])


def as_png(picture: np.ndarray) -> bytes:
    """A picture as the content of a PNG file.

    Args:
        picture: uint8 of shape (height, width, 1 or 3).
    """
    written = io.BytesIO()
    _as_image(picture).save(written, format="PNG")
    return written.getvalue()


def as_bytes(pictures: np.ndarray) -> np.ndarray:
    """Values in [0, 1], and what lies outside of it cut off, as numbers to 255."""
    return np.rint(np.clip(pictures, 0.0, 1.0) * 255).astype("uint8")


def _as_image(picture: np.ndarray) -> "Image.Image":  # type: ignore[name-defined]  # noqa: F821
    from PIL import Image

    return Image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture)
