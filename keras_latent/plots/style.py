"""The look that all figures share."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_SETTINGS: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "0.6",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.92",
    "xtick.color": "0.6",
    "ytick.color": "0.6",
    "xtick.labelcolor": "0.25",
    "ytick.labelcolor": "0.25",
    "lines.linewidth": 1.8,
    "lines.markersize": 4,
    "legend.frameon": False,
}

TRAIN_COLOUR = "#4269d0"
VALIDATION_COLOUR = "#ff725c"
UNUSED_COLOUR = "0.75"


def styled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let a function draw in the shared look, whatever the user's own settings."""

    @functools.wraps(function)
    def draw(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        import matplotlib

        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_SETTINGS)
            return function(*args, **kwargs)

    return draw


def grid_figure(
    grid: np.ndarray,
    columns: float,
    panels: int = 1,
    row_labels: float = 0.0,
    title_and_column_labels: float = 0.0,
) -> Any:
    """A figure for grids of images below each other, 0.8 inches a column.

    Args:
        grid: Array of shape (height, width, channels), one of the grids.
        columns: Images in a row of a grid; parts of an image where there are gaps.
        panels: How many grids.
        row_labels: Inches to leave at the left.
        title_and_column_labels: Inches to leave above and below a grid.
    """
    from keras_latent.plots.figure import new_figure

    width = 0.8 * columns
    height = width * grid.shape[0] / grid.shape[1]
    height = panels * (height + title_and_column_labels)
    return new_figure(width + row_labels, height)


def show_grid(axes: Any, grid: np.ndarray) -> None:
    """Draw a grid of images: grey or colour, [0, 1], without frame or ticks.

    Args:
        axes: A matplotlib `Axes`.
        grid: Array of shape (height, width, 1 or 3).
    """
    axes.imshow(
        grid.squeeze(-1) if grid.shape[-1] == 1 else grid,
        cmap="gray",
        vmin=0.0,
        vmax=1.0,
        interpolation="nearest",
    )
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set(xticks=[], yticks=[])


def label_rows(axes: Any, grid: np.ndarray, labels: Sequence[str]) -> None:
    """Write one label at the left of each row of a grid of images."""
    axes.set_yticks(centres(len(grid), len(labels)), labels)


def label_columns(axes: Any, grid: np.ndarray, labels: Sequence[str]) -> None:
    """Write one label below each column of a grid of images."""
    axes.set_xticks(centres(grid.shape[1], len(labels)), labels)


def centres(length: int, count: int) -> np.ndarray:
    """Where the middles of `count` equal parts of `length` pixels are."""
    return (np.arange(count) + 0.5) * length / count - 0.5
