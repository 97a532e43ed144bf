"""The images over a plane through latent space."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from keras_latent.images import tile
from keras_latent.latent_space.codes import as_codes, check_latent_dim
from keras_latent.plots.decoding import decoded_images
from keras_latent.plots.style import (
    grid_figure,
    label_columns,
    label_rows,
    show_grid,
    styled,
)
from keras_latent.validation import check_positive_integer

_AXIS_LABELS = 0.6
_INCHES_SCALE = 0.7


@styled
def manifold_grid(
    model: Any,
    size: int = 15,
    codes: Any = None,
    dimensions: Sequence[int] | None = None,
) -> Any:
    """Draw what a grid of codes over two latent dimensions decodes to.

    The coordinates are quantiles of a normal distribution, evenly spaced in
    probability, so that each image stands for the same share of it. Without `codes`
    it is the prior, the standard normal, around 0; with them, it has their mean and
    their standard deviation along the two dimensions, and all others stay at their
    mean.

    Args:
        model: A latent model.
        size: Images in a row and in a column. Defaults to 15.
        codes: Array of shape (count, latent_dim), where the model's codes lie. Defaults
            to `None`.
        dimensions: Two indices: the dimension from left to right and the one from
            bottom to top. `None` for the two of greatest variance in `codes`, the
            greatest first, and for (0, 1) without. Defaults to `None`.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If the model's code or `dimensions` are not of at least, or of
            exactly two dimensions, or `codes` is not of the model's size.

    Source: Kingma and Welling 2014, Auto-Encoding Variational Bayes, figure 4,
    https://arxiv.org/abs/1312.6114.

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> (axes,) = manifold_grid(model, size=3).axes
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['-0.97', '0', '0.97']
    """
    check_positive_integer("size", size)
    if model.latent_dim < 2:
        raise ValueError(
            "`model` must have a code of at least two dimensions. "
            f"Received: a model with latent_dim={model.latent_dim}"
        )
    mean, deviation = _moments(codes, model.latent_dim)
    if dimensions is None:
        ranked = np.argsort(-deviation, kind="stable")
        dimensions = [0, 1] if codes is None else ranked[:2].tolist()
    across, up = _checked_pair(dimensions, model.latent_dim)

    normal = NormalDist()
    quantiles = [normal.inv_cdf((index + 0.5) / size) for index in range(size)]
    lefts = mean[across] + deviation[across] * np.array(quantiles)
    # An image's first row is its top.
    bottoms = (mean[up] + deviation[up] * np.array(quantiles))[::-1]
    grid_codes = np.tile(mean, (size, size, 1))
    grid_codes[..., across] = lefts
    grid_codes[..., up] = bottoms[:, None]
    _, images = decoded_images(model, grid_codes)
    grid = tile(np.concatenate(images), size)
    figure = grid_figure(
        grid,
        _INCHES_SCALE * size,
        row_labels=_AXIS_LABELS,
        title_and_column_labels=_AXIS_LABELS,
    )
    axes = figure.add_subplot()
    show_grid(axes, grid)
    label_columns(axes, grid, [f"{value:.2g}" for value in lefts])
    label_rows(axes, grid, [f"{value:.2g}" for value in bottoms])
    axes.set(xlabel=f"dimension {across}", ylabel=f"dimension {up}")
    return figure


def _moments(codes: Any, latent_dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each dimension; those of the prior of none."""
    if codes is None:
        return np.zeros(latent_dim), np.ones(latent_dim)
    codes = as_codes("codes", codes).astype("float64")
    check_latent_dim("codes", codes, latent_dim)
    return codes.mean(axis=0), codes.std(axis=0)


def _checked_pair(dimensions: Sequence[int], latent_dim: int) -> tuple[int, int]:
    """Two dimensions of the code that differ."""
    pair = [int(dimension) for dimension in dimensions]
    if len(set(pair)) != 2 or len(pair) != 2 or not set(pair) <= {*range(latent_dim)}:
        raise ValueError(
            f"`dimensions` must be two different indices below {latent_dim}. "
            f"Received: dimensions={dimensions!r}"
        )
    return pair[0], pair[1]
