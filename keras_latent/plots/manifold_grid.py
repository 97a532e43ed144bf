"""The images over a plane through latent space."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import keras
import numpy as np

from keras_latent.images import tile
from keras_latent.kinds import checked_list
from keras_latent.latent_space.codes import as_codes, as_vectors, check_code_shape
from keras_latent.latent_space.sphere import onto_sphere
from keras_latent.plots.decoding import (
    check_is_model,
    code_space,
    decoded_images,
    is_standard_normal,
)
from keras_latent.plots.style import (
    grid_figure,
    label_columns,
    label_rows,
    show_grid,
    styled,
)
from keras_latent.validation import checked_positive_integer, is_integer

_AXIS_LABELS = 0.6
_INCHES_SCALE = 0.7
_DRAWS = 10_000


@styled
def manifold_grid(
    model: Any,
    size: int = 15,
    codes: Any = None,
    dimensions: Sequence[int] | None = None,
) -> Any:
    """Draw what a grid of codes over two latent dimensions decodes to.

    The coordinates are quantiles, evenly spaced in probability, so that each image
    stands for the same share of each dimension. Without `codes` they are those of the
    prior along the two dimensions, and all others stay at its median: for a standard
    normal exactly, for any other prior of 10,000 draws from it. With `codes`, they are
    quantiles of a normal distribution that has their mean and their standard
    deviation, and all other dimensions stay at the mean.

    Where the prior says that codes lie on a sphere, the other dimensions are scaled so
    that the length is 1, the first of them if all are 0; what would lie beyond the
    sphere is brought to its rim.

    Args:
        model: A latent model.
        size: Images in a row and in a column. Defaults to 15.
        codes: Array of shape (count, *code_shape), where the model's codes lie; needed
            for a model without a prior. Defaults to `None`.
        dimensions: Two indices: the dimension from left to right and the one from
            bottom to top, of a map counted through its channels, columns and rows.
            `None` for the two of greatest variance in `codes`, the
            greatest first, and for (0, 1) without. Defaults to `None`.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If the model's code or `dimensions` are not of at least, or of
            exactly two dimensions, on a sphere of three; if `codes` is not of the
            model's size, or is missing where there is no prior.

    Source: Kingma and Welling 2013, figure 4.

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> (axes,) = manifold_grid(model, size=3).axes
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['-0.97', '0', '0.97']
    """
    size = checked_positive_integer("size", size)
    check_is_model(model, "decode", "code_shape", "latent_dim")
    if model.latent_dim < 2:
        raise ValueError(
            "`model` must have a code of at least two dimensions. "
            f"Received: a model with latent_dim={model.latent_dim}"
        )
    on_sphere = code_space(model) == "sphere"
    if on_sphere and model.code_shape[-1] < 3:
        raise ValueError(
            "`model` must have at least three dimensions on a sphere: two alone are "
            f"one angle. Received: a model with code_shape={model.code_shape}"
        )
    centre, quantiles = _quantiles(model, codes, size)
    if dimensions is None:
        dimensions = [0, 1] if codes is None else _widest(codes)
    across, up = _checked_pair(dimensions, model.latent_dim)
    # An image's first row is its top.
    lefts, bottoms = quantiles[:, across], quantiles[::-1, up]
    grid_codes = np.tile(centre, (size, size, 1))
    grid_codes[..., across] = lefts
    grid_codes[..., up] = bottoms[:, None]
    if on_sphere:
        grid_codes = onto_sphere(grid_codes, [across, up], model.code_shape[-1])
    grid_codes = grid_codes.reshape(size, size, *model.code_shape)
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


def _quantiles(model: Any, codes: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The middle, (latent_dim,), and the quantiles of each, (size, latent_dim)."""
    probabilities = (np.arange(size) + 0.5) / size
    normal = np.array([NormalDist().inv_cdf(share) for share in probabilities])
    if codes is not None:
        codes = as_codes("codes", codes).astype("float64")
        check_code_shape("codes", codes, model.code_shape)
        vectors = codes.reshape(len(codes), -1)
        mean = vectors.mean(axis=0)
        return mean, mean + normal[:, None] * vectors.std(axis=0)
    if not getattr(model, "has_prior", False):
        raise ValueError(
            "`codes` must be given for a model without a prior. "
            f"Received: codes=None for {type(model).__name__}"
        )
    if is_standard_normal(model.prior):
        shape = (size, model.latent_dim)
        return np.zeros(model.latent_dim), np.broadcast_to(normal[:, None], shape)
    generator = keras.random.SeedGenerator(0)
    draws = model.prior.sample(shape=(_DRAWS, *model.code_shape), seed=generator)
    draws = np.asarray(draws, "float64").reshape(_DRAWS, -1)
    return np.median(draws, axis=0), np.quantile(draws, probabilities, axis=0)


def _widest(codes: Any) -> list[int]:
    """The two dimensions of greatest variance, the greatest first."""
    vectors = as_vectors("codes", codes)
    return np.argsort(-vectors.std(axis=0, dtype="float64"), kind="stable")[:2].tolist()


def _checked_pair(dimensions: Sequence[int], latent_dim: int) -> tuple[int, int]:
    """Two dimensions of the code that differ."""
    pair = checked_list("dimensions", dimensions, "indices")
    are_indices = all(is_integer(each) and 0 <= each < latent_dim for each in pair)
    if len(pair) != 2 or not are_indices or pair[0] == pair[1]:
        raise ValueError(
            f"`dimensions` must be two different indices below {latent_dim}. "
            f"Received: dimensions={dimensions!r}"
        )
    return int(pair[0]), int(pair[1])
