"""Originals beside what a model makes of them."""

import math
from typing import Any

import numpy as np

from keras_latent.images import image_entries, tile_pairs
from keras_latent.metrics.reconstruction import mean_squared_error
from keras_latent.plots.decoding import check_is_model
from keras_latent.plots.style import (
    grid_figure,
    label_columns,
    label_rows,
    show_grid,
    styled,
)
from keras_latent.renamed_errors import arguments_called
from keras_latent.typing import Observation
from keras_latent.validation import check_unit_range, checked_positive_integer

_PAIR = ["original", "reconstruction"]
_LABEL_WIDTH = 1.2


@styled
def reconstructions(model: Any, images: Observation, columns: int = 10) -> Any:
    """Draw originals over their reconstructions.

    Args:
        model: A latent model.
        images: Array of shape (count, height, width, channels) in [0, 1]; of a dict
            of arrays, the first entry that is an image is drawn.
        columns: Pairs in a row. Defaults to 10.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there is no image among `images`, or a value of theirs is outside
            of [0, 1].
    """
    columns = checked_positive_integer("columns", columns)
    originals, decoded = _pairs(model, images)
    columns = min(columns, len(originals))
    grid = tile_pairs(originals, decoded, columns)
    figure = grid_figure(grid, columns, row_labels=_LABEL_WIDTH)
    axes = figure.add_subplot()
    show_grid(axes, grid)
    label_rows(axes, grid, _PAIR * math.ceil(len(originals) / columns))
    return figure


@styled
def worst_and_best(model: Any, images: Observation, count: int = 10) -> Any:
    """Draw the images that a model reconstructs worst and best.

    The mean squared error stands below each.

    Args:
        model: A latent model.
        images: Array of shape (images, height, width, channels) in [0, 1]; of a dict
            of arrays, the first entry that is an image is drawn and measured.
        count: How many of each; all, if there are fewer. Defaults to 10.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there is no image among `images`, or a value of theirs is outside
            of [0, 1].
    """
    count = checked_positive_integer("count", count)
    originals, decoded = _pairs(model, images)
    errors = mean_squared_error(originals, decoded)
    best_first = np.argsort(errors)
    count = min(count, len(errors))
    sections = {"Worst": best_first[::-1][:count], "Best": best_first[:count]}
    grids = [
        tile_pairs(originals[rows], decoded[rows], count) for rows in sections.values()
    ]
    figure = grid_figure(
        grids[0],
        count,
        panels=len(grids),
        row_labels=_LABEL_WIDTH,
        title_and_column_labels=0.6,
    )
    panels = figure.subplots(len(sections))
    for axes, grid, (title, rows) in zip(panels, grids, sections.items(), strict=True):
        show_grid(axes, grid)
        axes.set_title(title)
        label_rows(axes, grid, _PAIR)
        label_columns(axes, grid, [f"{error:.3g}" for error in errors[rows]])
    panels[-1].set_xlabel("mean squared error")
    return figure


def _pairs(model: Any, images: Observation) -> tuple[np.ndarray, np.ndarray]:
    """The originals and reconstructions of the first entry that is an image."""
    check_is_model(model, "reconstruct", "target")
    with arguments_called(x="images"):
        decoded = image_entries(model.reconstruct(images))
    name = next(iter(decoded))
    originals = image_entries(model.target(images))[name]
    check_unit_range("images", originals)
    return originals, decoded[name]
