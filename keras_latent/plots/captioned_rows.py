"""Rows of images, with a few words below each image."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.plots.style import centres, grid_figure, show_grid

_GAP = 0.25
_STRIP_INCHES = 0.22
_IMAGE_INCHES = 0.8
_LETTER_INCHES = 0.09
_TEXT_POINTS = 7


def captioned_rows(
    first: np.ndarray,
    others: np.ndarray,
    captions: Sequence[Sequence[str]],
    row_labels: Sequence[str] = (),
) -> Any:
    """Draw an image in each row, and others beside it, a quarter of an image apart.

    Args:
        first: Array of shape (rows, height, width, channels), cut to [0, 1].
        others: Array of shape (rows, columns, height, width, channels), cut to [0, 1].
        captions: What stands below each of the others, in rows.
        row_labels: One label for each row, or none.

    Returns:
        A matplotlib `Figure` of one `Axes`.
    """
    count, columns, height, width, channels = others.shape
    strip = max(1, round(height * _STRIP_INCHES / _IMAGE_INCHES * width / height))
    gap = max(1, round(_GAP * width))
    lefts = [0, *(width + gap + (width + 1) * n for n in range(columns))]
    grid = np.ones((count * (height + strip), lefts[-1] + width, channels), "float32")
    for row in range(count):
        top = row * (height + strip)
        for left, image in zip(lefts, [first[row], *others[row]], strict=True):
            part = np.clip(image, 0.0, 1.0)
            grid[top : top + height, left : left + width] = part
    letters = max(map(len, row_labels), default=0)
    figure = grid_figure(
        grid, grid.shape[1] / width, row_labels=_LETTER_INCHES * (letters + 2)
    )
    axes = figure.add_subplot()
    show_grid(axes, grid)
    for row, texts in enumerate(captions):
        bottom = row * (height + strip) + height
        for left, text in zip(lefts[1:], texts, strict=True):
            axes.text(
                left + (width - 1) / 2,
                bottom + strip / 2 - 0.5,
                text,
                ha="center",
                va="center",
                fontsize=_TEXT_POINTS,
            )
    if row_labels:
        axes.set_yticks(centres(len(grid), count) - strip / 2, row_labels)
    return figure
