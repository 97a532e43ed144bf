"""Hamiltonian Monte Carlo: draws from a density of which the gradient is known."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Density = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From points (chains, d) to log-densities (chains,) and their gradients (chains, d).

Constants don't matter; a log-density of minus infinity is a place where no chain goes.
"""

_JITTER = 0.2
"""The share by which the step of a proposal differs from the one that was asked for."""


class Chains(NamedTuple):
    """What chains have come to.

    Args:
        points: Array of shape (chains, d).
        accepted: The share of proposals that were accepted.
    """

    points: np.ndarray
    accepted: float


def hamiltonian_chains(
    density: Density,
    start: np.ndarray,
    generator: np.random.Generator,
    steps: int,
    leapfrog_steps: int,
    step_size: float,
) -> Chains:
    """Move points so that they become draws from a density.

    H(z, ρ) = −log p(z) + ½‖ρ‖², and each proposal is accepted with the probability
    exp(min(0, H₀ − H)).

    Args:
        density: The target.
        start: Where the chains begin, of shape (chains, d).
        generator: What draws momenta and decides.
        steps: Proposals of each chain.
        leapfrog_steps: Steps of the integrator for a proposal.
        step_size: Its step ε on average.

    Source: Neal 2011, "MCMC using Hamiltonian dynamics".
    """
    z = start.astype("float64")
    log_p, gradient = density(z)
    accepted = 0.0
    for _ in range(steps):
        first = generator.standard_normal(z.shape)
        momentum, moved, slope = first, z, gradient
        # Else a proposal of a whole period would end where it began.
        size = step_size * generator.uniform(1 - _JITTER, 1 + _JITTER)
        for _ in range(leapfrog_steps):
            half = momentum + 0.5 * size * slope
            moved = moved + size * half
            reached, slope = density(moved)
            momentum = half + 0.5 * size * slope
        gain = reached - log_p
        gain = gain - 0.5 * (np.square(momentum) - np.square(first)).sum(axis=1)
        is_taken = np.log1p(-generator.random(len(z))) < gain
        z = np.where(is_taken[:, None], moved, z)
        gradient = np.where(is_taken[:, None], slope, gradient)
        log_p = np.where(is_taken, reached, log_p)
        accepted += is_taken.mean() / steps
    return Chains(z, accepted)
