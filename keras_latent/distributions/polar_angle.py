"""The law of the angle between a von Mises-Fisher vector and its direction.

In m dimensions the angle θ ∈ [0, π] has the density

    p(θ) ∝ g(θ) = exp(−κ(1 − cos θ)) · sin^(m−2) θ

All that is needed of it are integrals, which are taken by Gauss and Legendre's rule in
float64, on panels where the density is not negligible. They have no shape that depends
on values, so that XLA compiles them.
"""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from keras_latent.typing import Tensor

_PANELS = 32
_REACH_BELOW, _REACH_ABOVE = 12.0, 20.0
"""Widths of the peak that the panels cover; above it, the density falls slower."""

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_POINTS, _WEIGHTS = (_POINTS + 1.0) / 2.0, _WEIGHTS / 2.0
_NEWTON_STEPS = 14
_LEAST = 1e-30
"""Concentrations below this are taken for it."""


class Angle(NamedTuple):
    """The integrals over the angle, all float64, of shape (..., 1) or (..., panels).

    Args:
        concentration: κ.
        start: Where the first panel begins.
        size: The length of a panel.
        log_peak: Log g at its greatest.
        masses: ∫ g of each panel, in parts of the greatest g.
        mass: ∫ g, likewise.
        drop: The mean of 1 − cos θ.
        drops: ∫ (1 − cos θ − drop)·g of each panel.
        variance: The variance of cos θ.
    """

    concentration: Tensor
    start: Tensor
    size: Tensor
    log_peak: Tensor
    masses: Tensor
    mass: Tensor
    drop: Tensor
    drops: Tensor
    variance: Tensor

    @property
    def log_integral(self) -> Tensor:
        """Log ∫ g."""
        return ops.log(self.mass) + self.log_peak


def angle(concentration: Tensor, dimensions: int) -> Angle:
    """Integrate over the angle.

    Args:
        concentration: κ of shape (..., 1), float64.
        dimensions: The number m, at least 2.
    """
    kappa = ops.maximum(concentration, _LEAST)
    belt = float(dimensions - 2)
    total = belt + ops.sqrt(belt**2 + 4.0 * kappa**2)
    # The greatest g is at cos θ = 2κ/total, where −(log g)″ is 1/width².
    peak = ops.arctan2(ops.sqrt(2.0 * belt / total), 2.0 * kappa / total)
    width = ops.rsqrt(2.0 * kappa**2 / total + total / 2.0)
    start = ops.maximum(peak - _REACH_BELOW * width, 0.0)
    size = (ops.minimum(peak + _REACH_ABOVE * width, np.pi) - start) / _PANELS
    log_peak = _log_density(peak, kappa, dimensions)
    offsets = (np.arange(_PANELS)[:, None] + _POINTS).reshape(-1)
    theta = start + size * offsets
    weights = size * np.tile(_WEIGHTS, _PANELS)
    density = weights * ops.exp(_log_density(theta, kappa, dimensions) - log_peak)
    mass = ops.sum(density, axis=-1, keepdims=True)
    below = _drop(theta)
    drop = ops.sum(density * below, axis=-1, keepdims=True) / mass
    apart = below - drop
    variance = ops.sum(density * apart**2, axis=-1, keepdims=True) / mass
    return Angle(
        concentration=kappa,
        start=start,
        size=size,
        log_peak=log_peak,
        masses=_by_panel(density),
        mass=mass,
        drop=drop,
        drops=_by_panel(density * apart),
        variance=variance,
    )


def quantile(share: Tensor, concentration: Tensor, dimensions: int) -> Tensor:
    """The angle below which a share of the probability lies: θ with F(θ; κ) = u.

    Its derivative by κ is exact, −∂F/∂κ / p(θ) (implicit reparametrisation).

    Args:
        share: u of shape (..., 1), between 0 and 1, float32.
        concentration: κ of the same shape, float32.
        dimensions: The number m, at least 2.

    Returns:
        θ of the same shape, float32.
    """

    @ops.custom_gradient
    def solved(kappa: Tensor) -> tuple[Tensor, Any]:
        law = angle(ops.cast(kappa, "float64"), dimensions)
        theta, slope = _solve(law, ops.cast(share, "float64"), dimensions)
        slope = ops.cast(slope, "float32")
        return ops.cast(theta, "float32"), lambda upstream: upstream * slope

    return solved(ops.convert_to_tensor(concentration))


def _solve(law: Angle, share: Tensor, dimensions: int) -> tuple[Tensor, Tensor]:
    """The angle, by Newton's method within its panel, and its derivative by κ."""
    wanted = share * law.mass
    ends = ops.cumsum(law.masses, axis=-1)
    panel = np.arange(_PANELS)
    is_full = ops.cast(ends[..., :-1] <= wanted, "int32")
    index = ops.sum(is_full, axis=-1, keepdims=True)
    before, chosen, after = (
        ops.cast(mask, "float64")
        for mask in (panel < index, ops.equal(panel, index), panel > index)
    )

    def total(values: Tensor) -> Tensor:
        return ops.sum(values, axis=-1, keepdims=True)

    left = law.start + law.size * ops.cast(index, "float64")
    wanted = wanted - total(before * law.masses)

    def within(theta: Tensor) -> tuple[Tensor, Tensor]:
        """∫ g and ∫ (1 − cos − drop)·g from the panel's left end to θ."""
        points = left + (theta - left) * _POINTS
        density = (theta - left) * _WEIGHTS * _relative_density(law, points, dimensions)
        return total(density), total(density * (_drop(points) - law.drop))

    slack = 1e-6 * law.size

    def step(theta: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, ...]:
        excess = within(theta)[0] - wanted
        low = ops.where(excess < 0.0, theta, low)
        high = ops.where(excess < 0.0, high, theta)
        moved = theta - excess / _relative_density(law, theta, dimensions)
        # At the root the next step may leave the bracket by a rounding.
        is_inside = (moved > low - slack) & (moved < high + slack)
        return ops.where(is_inside, moved, 0.5 * (low + high)), low, high

    part = wanted / total(chosen * law.masses)
    first = left + law.size * ops.clip(part, 0.0, 1.0)
    theta, _, _ = ops.while_loop(
        lambda *_: True,
        step,
        (first, left, left + law.size),
        maximum_iterations=_NEWTON_STEPS,
    )
    inside = within(theta)[1]
    own = total(chosen * law.drops)
    from_left = total(before * law.drops) + inside
    from_right = -(total(after * law.drops) + own - inside)
    # Either is the integral from 0 to θ, each without cancelling in its own tail.
    integral = ops.where(share < 0.5, from_left, from_right)
    return theta, integral / _relative_density(law, theta, dimensions)


def _log_density(theta: Tensor, kappa: Tensor, dimensions: int) -> Tensor:
    log_density = -kappa * _drop(theta)
    if dimensions > 2:
        log_density += (dimensions - 2) * ops.log(ops.sin(theta))
    return log_density


def _relative_density(law: Angle, theta: Tensor, dimensions: int) -> Tensor:
    return ops.exp(_log_density(theta, law.concentration, dimensions) - law.log_peak)


def _drop(theta: Tensor) -> Tensor:
    """1 − cos θ, to the last digits where θ is small."""
    return 2.0 * ops.sin(0.5 * theta) ** 2


def _by_panel(values: Tensor) -> Tensor:
    shape = (*ops.shape(values)[:-1], _PANELS, len(_POINTS))
    return ops.sum(ops.reshape(values, shape), axis=-1)
