"""Which points lie within the neighbourhoods of others, part by part."""

from typing import Any, NamedTuple

import numpy as np

from keras_latent.validation import checked_positive_integer

_ROWS_AT_ONCE = 1024
# Of the squares of two points' lengths: what subtraction leaves of equal distances.
_ROUNDING = 1e-12


class Membership(NamedTuple):
    """How many neighbourhoods hold each point, and how many points each holds.

    Args:
        of_points: Integers of shape (points,).
        of_centres: Integers of shape (centres,).
    """

    of_points: np.ndarray
    of_centres: np.ndarray


def check_neighbours(k: Any, rows: int) -> None:
    """Refuse more neighbours than there are.

    Raises:
        ValueError: If `k` isn't a positive integer below `rows`.
    """
    k = checked_positive_integer("k", k)
    if k >= rows:
        raise ValueError(
            "`k` must be less than the number of real and of generated images, "
            f"{rows}. Received: k={k}"
        )


def neighbourhoods(centres: np.ndarray, points: np.ndarray, k: int) -> Membership:
    """Count points in balls that reach from each centre to its k-th neighbour.

    A point on the surface is inside: where all are equal, every ball holds every point.

    Args:
        centres: float64 of shape (centres, features); more than `k`.
        points: float64 of shape (points, features).
        k: Which neighbour among the other centres the ball reaches to.

    Returns:
        The counts.
    """
    # Far from the origin, subtracting squares leaves nothing of small distances.
    origin = centres.mean(axis=0)
    centres, points = centres - origin, points - origin
    lengths, others = (np.square(rows).sum(axis=1) for rows in (centres, points))
    of_points = np.zeros(len(points), "int64")
    of_centres = np.zeros(len(centres), "int64")
    for start in range(0, len(centres), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        among = _squared_distances(centres[part], centres, lengths[part], lengths)
        own = np.arange(len(among))
        among[own, start + own] = np.inf
        radii = np.partition(among, k - 1, axis=1)[:, k - 1]
        for first in range(0, len(points), _ROWS_AT_ONCE):
            there = slice(first, first + _ROWS_AT_ONCE)
            squares = _squared_distances(
                centres[part], points[there], lengths[part], others[there]
            )
            slack = _ROUNDING * (lengths[part][:, None] + others[there])
            inside = squares <= radii[:, None] + slack
            of_points[there] += inside.sum(axis=0)
            of_centres[part] += inside.sum(axis=1)
    return Membership(of_points, of_centres)


def _squared_distances(
    one: np.ndarray, other: np.ndarray, lengths: np.ndarray, others: np.ndarray
) -> np.ndarray:
    return np.maximum(0.0, lengths[:, None] + others - 2 * one @ other.T)
