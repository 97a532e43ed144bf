"""Rows of images in sections, such as originals and what became of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.images import tile
from keras_latent.plots.style import centres, grid_figure, label_rows, show_grid

_GAP = 0.25
_LABELS_HEIGHT = 0.5
_LABELS_WIDTH = 0.5
_LETTER_WIDTH = 0.08


def image_rows(
    sections: Sequence[np.ndarray],
    column_labels: Sequence[Sequence[str]],
    row_labels: Sequence[str] = (),
) -> Any:
    """Draw sections of images side by side, a quarter of an image apart.

    Args:
        sections: Arrays of shape (rows, columns, height, width, channels), cut to
            [0, 1], all of the same rows and image shape.
        column_labels: One label for each column of each section, drawn below it.
        row_labels: One label for each row, or none.

    Returns:
        A matplotlib `Figure` of one `Axes`.
    """
    grids = [tile(np.concatenate(images), images.shape[1]) for images in sections]
    width, channels = sections[0].shape[-2:]
    gap = 1 + round(_GAP * width)
    space = np.ones((len(grids[0]), gap, channels), "float32")
    parts, ticks, left = [], [], 0
    for grid, labels in zip(grids, column_labels, strict=True):
        parts += [grid, space]
        ticks += list(left + centres(grid.shape[1], len(labels)))
        left += grid.shape[1] + gap
    joined = np.concatenate(parts[:-1], axis=1)
    letters = max(map(len, row_labels), default=0)
    labels_width = max(_LABELS_WIDTH, _LETTER_WIDTH * letters) if letters else 0.0
    figure = grid_figure(
        joined,
        joined.shape[1] / (width + 1),
        row_labels=labels_width,
        title_and_column_labels=_LABELS_HEIGHT,
    )
    axes = figure.add_subplot()
    show_grid(axes, joined)
    axes.set_xticks(ticks, [label for labels in column_labels for label in labels])
    if row_labels:
        label_rows(axes, joined, row_labels)
    return figure
