"""Estimators of entropy and of the information of codes about factors, in nats."""

import numpy as np

from keras_latent.validation import checked_positive_integer


def in_equal_bins(numbers: np.ndarray, bins: int) -> np.ndarray:
    """Number the bin of each number, of equal bins from least to greatest.

    Args:
        numbers: float64 of shape (n, columns).
        bins: How many bins a column has.

    Returns:
        Integers in [0, bins) of shape (n, columns); 0 alone in a constant column. Where
        numbers lie so near that there is none between them, each has its own bin.
    """
    binned = np.zeros(numbers.shape, "int64")
    for index, column in enumerate(numbers.T):
        low, high = column.min(), column.max()
        if low == high:
            continue
        edges = np.linspace(low, high, bins + 1)
        if (edges[:-1] < edges[1:]).all():
            binned[:, index] = np.digitize(column, edges[:-1]) - 1
        else:
            ranks = np.unique(column, return_inverse=True)[1]
            binned[:, index] = np.minimum(ranks, bins - 1)
    return binned


def check_bins(bins: int, rows: int) -> None:
    """Refuse more bins than rows.

    Raises:
        ValueError: If `bins` isn't a positive integer of at most `rows`.
    """
    bins = checked_positive_integer("bins", bins)
    if bins > rows:
        raise ValueError(
            f"`bins` must be at most the number of rows, {rows}. Received: bins={bins}"
        )


def entropies(values: np.ndarray) -> np.ndarray:
    """The entropy of each column.

    Args:
        values: Integers from 0 of shape (n, columns).

    Returns:
        float64 of shape (columns,).
    """
    return np.array([_entropy(np.bincount(column)) for column in values.T])


def discrete_information(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mutual information of each code with each factor, from counts.

    The estimate is too high by about (values of code - 1)(values of factor - 1)/2n.

    Args:
        codes: Integers from 0 of shape (n, latent_dim): bins.
        values: Integers from 0 of shape (n, factors).

    Returns:
        float64 of shape (latent_dim, factors), at least 0.
    """
    information = np.empty((codes.shape[1], values.shape[1]))
    code_entropies, entropy = entropies(codes), entropies(values)
    for factor, column in enumerate(values.T):
        size = column.max() + 1
        for code, bins in enumerate(codes.T):
            joint = _entropy(np.bincount(bins * size + column))
            information[code, factor] = code_entropies[code] + entropy[factor] - joint
    # What differences of entropies leave of a zero.
    information[information < 1e-12] = 0.0
    return information


def neighbour_information(code: np.ndarray, values: np.ndarray, k: int) -> float:
    """Mutual information of a continuous code with a discrete factor, by neighbours.

    Each point counts how many points lie as near as its `k`-th neighbour of the same
    value. Points that are alone with their value are left out; points that coincide
    with more than `k` others count those that coincide.

    Args:
        code: float64 of shape (n,).
        values: Integers from 0 of shape (n,).
        k: Which neighbour.

    Returns:
        The information, at least 0.

    Source: Ross 2014, "Mutual information between discrete and continuous data sets",
    equation 2; for points that coincide Gao et al. 2017, "Estimating mutual information
    for discrete-continuous mixtures", algorithm 1.
    """
    from scipy.special import digamma

    counts = np.bincount(values)
    kept = counts[values] > 1
    code, values = code[kept], values[kept]
    if not len(code):
        return 0.0
    radius, neighbours = np.empty(len(code)), np.empty(len(code))
    for value in np.flatnonzero(counts > 1):
        rows = np.flatnonzero(values == value)
        rows = rows[np.argsort(code[rows], kind="stable")]
        nearest = min(k, len(rows) - 1)
        points = code[rows]
        radius[rows] = _kth_distances(points, nearest)
        # Those at distance 0, without the point itself.
        same = np.searchsorted(points, points, "right")
        same = same - np.searchsorted(points, points, "left") - 1
        neighbours[rows] = np.where(radius[rows] == 0, same, nearest)
    ordered = np.sort(code)
    same = np.searchsorted(ordered, code, "right")
    same = same - np.searchsorted(ordered, code, "left") - 1
    # The point itself is counted in place of its k-th neighbour.
    nearer = same + 1 + _nearer_below(ordered, code, radius)
    nearer = nearer + _nearer_below(-ordered[::-1], -code, radius)
    near = np.where(radius == 0, same, np.maximum(nearer, neighbours))
    information = (
        digamma(len(code))
        + digamma(neighbours).mean()
        - digamma(counts[values]).mean()
        - digamma(near).mean()
    )
    return max(0.0, float(information))


def _nearer_below(
    ordered: np.ndarray, code: np.ndarray, radius: np.ndarray
) -> np.ndarray:
    """How many sorted points before each point's own place are nearer than a radius."""
    own = np.searchsorted(ordered, code, "left")
    first = np.searchsorted(ordered, code - radius, "right")
    # The difference was rounded: distances themselves decide.
    while True:
        near = (first > 0) & (code - ordered[first - 1] < radius)
        if not near.any():
            break
        first = first - near
    while True:
        far = (first < own) & (code - ordered[np.minimum(first, own)] >= radius)
        if not far.any():
            return np.maximum(0, own - first)
        first = first + far


def _kth_distances(points: np.ndarray, k: int) -> np.ndarray:
    """Distance of each sorted point to its k-th neighbour, of k + 1 in a row."""
    count = len(points)
    distances = np.full(count, np.inf)
    for below in range(k + 1):
        centres = np.arange(below, count - k + below)
        reach = np.maximum(
            points[centres] - points[centres - below],
            points[centres + k - below] - points[centres],
        )
        distances[centres] = np.minimum(distances[centres], reach)
    return distances


def _entropy(counts: np.ndarray) -> float:
    counts = counts[counts > 0]
    total = counts.sum()
    return float(np.log(total) - (counts * np.log(counts)).sum() / total)
