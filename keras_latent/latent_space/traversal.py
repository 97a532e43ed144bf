"""What one dimension of a code does."""

import contextlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras_latent.graph import known_values
from keras_latent.latent_space.codes import ONE, as_codes, as_numbers
from keras_latent.latent_space.sphere import onto_sphere
from keras_latent.validation import check_choice, is_integer

_BALL = "ball of curvature"
"""How the spaces begin of which each curvature has its own."""


def traverse(
    code: Any,
    values: Any,
    dimensions: Iterable[int] | None = None,
    space: str = "real",
) -> np.ndarray:
    """One code, with one dimension after the other set to each of the values.

    Args:
        code: The code to start from, of shape (latent_dim,) or (height, width,
            channels).
        values: What a dimension is set to, in turn: numbers of shape (steps,). For a
            VAE, `np.linspace(-2, 2, 9)` spans two standard deviations of the prior.
        dimensions: The dimensions to traverse, counted from 0, of a map through its
            channels, columns and rows, as `reshape` does. Defaults to `None`: all of
            them.
        space: Where codes lie, as `Distribution.space`: on a `"sphere"`, the other
            elements of the vector are scaled so that its length stays 1, and values
            are in [-1, 1]; `"real"` or a `"ball of curvature ..."` leaves them as they
            are. Defaults to `"real"`.

    Returns:
        Array of shape (len(dimensions), steps, *code_shape), in the type of the code.

    Raises:
        ValueError: If a shape is wrong, a number isn't finite, the code doesn't have
            one of the dimensions, a value isn't on the sphere, or there is no such
            space.

    >>> traverse([5.0, 6.0], values=[-1.0, 1.0])
    array([[[-1.,  6.],
            [ 1.,  6.]],
           [[ 5., -1.],
            [ 5.,  1.]]])
    """
    _check_space(space)
    code, values = as_codes("code", code, ONE), as_numbers("values", values)
    if values.ndim != 1:
        raise ValueError(
            "`values` must have the shape (steps,). "
            f"Received: values of shape {values.shape}"
        )
    chosen = _checked_dimensions(dimensions, code.size)
    codes = np.tile(code.reshape(-1), (len(chosen), len(values), 1))
    codes[np.arange(len(chosen)), :, chosen] = values
    if space == "sphere":
        if np.abs(values).max() > 1:
            raise ValueError(
                "`values` must lie in [-1, 1] for codes on a sphere. "
                f"Received: values={values.tolist()}"
            )
        codes = np.stack(
            [
                onto_sphere(row, [dimension], code.shape[-1])
                for row, dimension in zip(codes, chosen, strict=True)
            ]
        )
    return codes.reshape(*codes.shape[:2], *code.shape)


def _checked_dimensions(
    dimensions: Iterable[int] | None, latent_dim: int
) -> np.ndarray:
    if dimensions is None:
        return np.arange(latent_dim)
    known = known_values(dimensions)
    given: Any = dimensions if known is None else known.tolist()
    with contextlib.suppress(Exception):  # What can't be iterated is no list below.
        given = list(given)
    is_list = isinstance(given, list) and given and all(map(is_integer, given))
    if not is_list or min(given) < 0 or max(given) >= latent_dim:
        raise ValueError(
            f"`dimensions` must be a list of integers from 0 to {latent_dim - 1}, at "
            f"least one. Received: dimensions={given!r}"
        )
    return np.array(given)


def _check_space(space: Any) -> None:
    if not isinstance(space, str) or not space.startswith(_BALL):
        check_choice("space", space, ("real", "sphere", f"{_BALL} ..."))
