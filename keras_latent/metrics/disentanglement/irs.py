"""Do codes stay where they are while other factors change?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, factor_data
from keras_latent.metrics.disentanglement.interval import (
    bootstrap_interval,
    check_resamples,
    interval_protocol,
)
from keras_latent.metrics.score import Score
from keras_latent.validation import check_in_range, checked_seed


def irs(
    codes: Any,
    factors: Any,
    quantile: float = 0.99,
    bins: int = 20,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Score:
    """Interventional robustness: how little a code moves while one factor stays.

    Among the rows that share a value of a factor, a code deviates from its mean by a
    quantile; the mean over the values, in shares of the greatest deviation of all rows,
    is what other factors move. The score of a code is 1 less that of its best factor;
    the score is the mean over the codes, weighted by their greatest deviations: it
    doesn't change if all codes are scaled alike. Perfect codes have 1; useless ones
    are *not* at 0, see `chance` in the protocol.

    Constant codes have no weight, and if all are, the score is 0. Values that one row
    alone has tell nothing and don't count. A factor of one value is left out and named.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors), or (n,): the value of each factor.
        quantile: Which quantile of the deviations, in [0, 1]; 1 takes the greatest, as
            the paper does. Defaults to 0.99.
        bins: Into how many equal bins continuous factors are cut. Defaults to 20.
        continuous_factors: Columns of `factors` that are continuous. Defaults to
            `None`: those that hold other numbers than integers.
        factor_names: One name for each factor, for the protocol. Defaults to `None`:
            the numbers of the columns.
        resamples: Resamples of the rows for the interval, 0 for none. Defaults to 0.
        seed: Seed of the resamples, and of the shuffled rows. Defaults to 0.

    Returns:
        The score in [0, 1]; the protocol has each code's in `by_code`, and in `chance`
        the score of the same codes with their rows shuffled.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, `quantile` is no share,
            or no factor varies.

    Source: Suter et al. 2019, "Robustly disentangled causal mechanisms"; the quantile
    of disentanglement_lib.

    >>> import numpy as np
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> float(irs(factors, factors))
    1.0
    """
    check_resamples(resamples)
    seed = checked_seed(seed)
    check_in_range("quantile", quantile, 0, 1)
    data = factor_data(codes, factors, continuous_factors, factor_names, bins)
    order = np.random.default_rng([seed, 2]).permutation(len(data.codes))

    def measure(data: FactorData) -> float:
        return _weighted(*_robustness(data.codes, data.values, quantile))

    protocol = {
        "measure": "interventional robustness",
        "quantile": quantile,
        **data.protocol,
        "by_code": _robustness(data.codes, data.values, quantile)[0].tolist(),
        "chance": _weighted(*_robustness(data.codes[order], data.values, quantile)),
        **interval_protocol(resamples, seed),
    }
    interval = bootstrap_interval(measure, data, resamples=resamples, seed=seed)
    return Score(measure(data), protocol, interval)


def _robustness(
    codes: np.ndarray, values: np.ndarray, quantile: float
) -> tuple[np.ndarray, np.ndarray]:
    """The score of each code, and its greatest deviation."""
    greatest = np.abs(codes - codes.mean(axis=0)).max(axis=0)
    greatest[(codes == codes[:1]).all(axis=0)] = 0.0
    moved = np.ones((codes.shape[1], values.shape[1]))
    for factor, column in enumerate(values.T):
        order = np.argsort(column, kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(column))[:-1])
        deviations = [
            np.quantile(
                np.abs(codes[rows] - codes[rows].mean(axis=0)), quantile, axis=0
            )
            for rows in groups
            if len(rows) > 1
        ]
        if deviations:
            mean = np.mean(deviations, axis=0)
            np.divide(mean, greatest, out=moved[:, factor], where=greatest > 0)
    # A group's mean may lie so far aside that its deviations exceed those of all rows.
    return np.maximum(0.0, 1.0 - moved.min(axis=1)), greatest


def _weighted(scores: np.ndarray, weights: np.ndarray) -> float:
    return float(np.average(scores, weights=weights)) if weights.any() else 0.0
