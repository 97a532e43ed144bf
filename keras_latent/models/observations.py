"""Whether observations are what a model was built for."""

from typing import Any

import keras
import numpy as np

from keras_latent.likelihoods import RANGE_TOLERANCE, Likelihood, Mixed
from keras_latent.likelihoods.base import identifier_of
from keras_latent.likelihoods.mixed import errors_named
from keras_latent.training.arrays import check_is_data, check_is_dense
from keras_latent.training.guard import Column
from keras_latent.validation import check_some_rows


def check_shapes(x: Any, spec: Any) -> None:
    """Refuse observations of other columns or another shape.

    Args:
        x: Observations, as NumPy arrays or tensors.
        spec: A `KerasTensor` of shape (batch, ...), or a dict of them.

    Raises:
        ValueError: If they differ, or no row is there.
    """
    is_dict = isinstance(spec, dict)
    if isinstance(x, dict) != is_dict or (is_dict and spec.keys() - x.keys()):
        raise ValueError(f"`x` must be {described(spec)}. Received: x={described(x)}")
    for column, expected in spec.items() if is_dict else [("x", spec)]:
        _check_shape(column, x[column] if is_dict else x, expected)


def check_range(x: Any, bounds: Any) -> None:
    """Refuse observations that the decoder can't give.

    Args:
        x: Observations.
        bounds: The lowest and the highest value of the decoder, `None` if unknown; for
            a dict of columns, a dict of them.

    Raises:
        ValueError: If a value is out of bounds; the message names the extremes.
    """
    if isinstance(bounds, dict):
        for column, own in bounds.items():
            with errors_named(column):
                check_range(x[column], own)
        return
    if bounds is None:
        return
    low, high = float(np.min(x)), float(np.max(x))
    if low < bounds[0] - RANGE_TOLERANCE or high > bounds[1] + RANGE_TOLERANCE:
        raise ValueError(
            f"`x` must lie in [{bounds[0]:g}, {bounds[1]:g}], the range of the "
            f"decoder's output. Received: minimum={low:.9g}, maximum={high:.9g}"
        )


def described(structure: Any) -> str:
    """What a tensor or a dict is, for a message."""
    if isinstance(structure, dict):
        return f"a dict of {sorted(structure)}"
    shape = getattr(structure, "shape", None)
    return (
        f"one tensor of shape {tuple(np.shape(structure) if shape is None else shape)}"
    )


def watched_columns(x: Any, likelihood: Likelihood, bounds: Any) -> list[Column]:
    """What of an observation must lie in a range, for the steps of a training.

    Args:
        x: Observations, one tensor or a dict.
        likelihood: p(x|z), which takes values of a range.
        bounds: The lowest and the highest value that the decoder can give, `None` if
            unknown, or a dict of them.
    """
    if isinstance(likelihood, Mixed):
        return [
            column._replace(name=name)
            for name, own in likelihood.likelihoods.items()
            for column in watched_columns(
                x[name], own, bounds.get(name) if isinstance(bounds, dict) else bounds
            )
        ]
    low, high = likelihood.expected_range
    source = f"for the {identifier_of(likelihood)} likelihood"
    if bounds is not None and (low < bounds[0] or high > bounds[1]):
        low, high = max(low, bounds[0]), min(high, bounds[1])
        source = "the range of the decoder's output"
        rule = f"lie in [{low:g}, {high:g}], {source}"
    else:
        rule = f"lie in [{low:g}, {high:g}] {source}"
    return [Column("x", x, low, high, rule)]


def row_count(x: Any) -> int | None:
    """Number of rows of an observation; `None` where it is unknown yet."""
    return keras.tree.flatten(x)[0].shape[0]


def _check_shape(column: str, value: Any, spec: keras.KerasTensor) -> None:
    check_is_dense(column, value)
    check_is_data(column, value)
    known = getattr(value, "shape", None)
    shape = tuple(np.shape(value) if known is None else known)
    expected = tuple(spec.shape[1:])
    if known is None and not shape:
        raise ValueError(
            f"`{column}` must be an array of shape (batch, "
            f"{', '.join(map(str, expected))}). "
            f"Received: {column} of type {type(value).__name__}"
        )
    if len(shape) != len(expected) + 1 or any(
        a is not None and a != b for a, b in zip(shape[1:], expected, strict=True)
    ):
        raise ValueError(
            f"`{column}` must have the shape (batch, {', '.join(map(str, expected))}). "
            f"Received: {column} of shape {shape}"
        )
    check_some_rows(column, shape)
