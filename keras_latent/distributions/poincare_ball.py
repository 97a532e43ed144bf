"""The Poincaré ball of curvature −c: hyperbolic space as the inside of a ball.

Points have a length below 1/√c. Formulas run in float64, since what is near the rim is
far away; they are of Keras's operations alone, which export.
"""

import math

from keras import ops

from keras_latent.typing import Tensor

RIM = 4e-3
"""Points stay this share of the radius away from the rim, as float32 needs it."""

_SMALL = 1e-6
"""Squares below this use the first terms of a power series."""

_LARGEST = 1.0 - 1e-15


def norm_squared(x: Tensor) -> Tensor:
    """‖x‖² along the last axis, which stays."""
    return ops.sum(ops.square(x), axis=-1, keepdims=True)


def exponential(v: Tensor, curvature: float) -> Tensor:
    """From a tangent vector at 0 to the point: tanh(√c‖v‖)·v/(√c‖v‖)."""
    is_small, small, root = _split(curvature * norm_squared(v))
    series = 1.0 - small * (1.0 / 3.0 - small * (2.0 / 15.0))
    return v * ops.where(is_small, series, ops.tanh(root) / root)


def logarithm(x: Tensor, curvature: float) -> Tensor:
    """From a point to the tangent vector at 0: artanh(√c‖x‖)·x/(√c‖x‖)."""
    is_small, small, root = _split(curvature * norm_squared(x))
    series = 1.0 + small * (1.0 / 3.0 + small / 5.0)
    inside = ops.minimum(root, _LARGEST)
    return x * ops.where(is_small, series, ops.arctanh(inside) / root)


def added(x: Tensor, y: Tensor, curvature: float) -> Tensor:
    """Möbius addition x ⊕ y, which moves y as 0 is moved to x."""
    inner = 2.0 * curvature * ops.sum(x * y, axis=-1, keepdims=True)
    of_x, of_y = curvature * norm_squared(x), curvature * norm_squared(y)
    moved = (1.0 + inner + of_y) * x + (1.0 - of_x) * y
    return moved / (1.0 + inner + of_x * of_y)


def inside(x: Tensor, curvature: float) -> Tensor:
    """Points, of which those beyond the rim are brought back to it."""
    most = (1.0 - RIM) / math.sqrt(curvature)
    square = norm_squared(x)
    is_beyond = square > most**2
    length = ops.sqrt(ops.where(is_beyond, square, 1.0))
    return x * ops.where(is_beyond, most / length, 1.0)


def log_growth(v: Tensor, curvature: float) -> Tensor:
    """Log sinh(√c‖v‖)/(√c‖v‖): how much wider space is at that distance."""
    is_small, small, root = _split(curvature * norm_squared(v))
    series = small * (1.0 / 6.0 - small / 180.0)
    large = root + ops.log1p(-ops.exp(-2.0 * root)) - ops.log(2.0 * root)
    return ops.where(is_small, series, large)


def _split(square: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Whether a square is small; it, and its root, each 0 or 1 where it isn't used."""
    is_small = square < _SMALL
    root = ops.sqrt(ops.where(is_small, 1.0, square))
    return is_small, ops.where(is_small, square, 0.0), root
