"""Does each code tell of one factor alone? The gap over factors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, factor_data
from keras_latent.metrics.disentanglement.information import (
    check_bins,
    discrete_information,
    entropies,
    in_equal_bins,
)
from keras_latent.metrics.disentanglement.interval import (
    bootstrap_interval,
    check_resamples,
    interval_protocol,
)
from keras_latent.metrics.disentanglement.mig import two_greatest
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_seed


def mig_sup(
    codes: Any,
    factors: Any,
    bins: int = 20,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Score:
    """Gap over factors: how far ahead the best factor of a code is of the second.

    The mean over the codes of the gap between the two greatest of I/H, the mutual
    information with a factor in shares of the factor's entropy. Perfect codes have 1,
    and so have copies of them, which `mig` punishes; rotated codes have less.

    A factor of one value is left out and named in the protocol; a constant code counts
    with 0 and is named. Of a single factor, the gap is that to 0.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors), or (n,): the value of each factor.
        bins: Into how many equal bins from least to greatest a code is cut, and a
            continuous factor; at most n. Defaults to 20.
        continuous_factors: Columns of `factors` that are continuous. Defaults to
            `None`: those that hold other numbers than integers.
        factor_names: One name for each factor, for the protocol. Defaults to `None`:
            the numbers of the columns.
        resamples: Resamples of the rows for the interval, 0 for none. Defaults to 0.
        seed: Seed of the resamples. Defaults to 0.

    Returns:
        The score in [0, 1]; the protocol has the gap of each code in `by_code`.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, there are fewer rows
            than bins, or no factor varies.

    Source: Li et al. 2020, "Progressive learning and disentanglement of hierarchical
    representations".

    >>> import numpy as np
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> round(float(mig_sup(np.repeat(factors, 2, axis=1), factors)), 9)
    1.0
    """
    check_resamples(resamples)
    seed = checked_seed(seed)
    data = factor_data(codes, factors, continuous_factors, factor_names, bins)
    check_bins(bins, len(data.codes))
    protocol = {
        "measure": "gap of mutual information over factors",
        "estimator": "counts, of codes in equal bins",
        "bins": bins,
        **data.protocol,
        "by_code": _gaps(data, bins).tolist(),
        **interval_protocol(resamples, seed),
    }

    def measure(data: FactorData) -> float:
        return float(_gaps(data, bins).mean())

    interval = bootstrap_interval(measure, data, resamples=resamples, seed=seed)
    return Score(measure(data), protocol, interval)


def _gaps(data: FactorData, bins: int) -> np.ndarray:
    information = discrete_information(in_equal_bins(data.codes, bins), data.values)
    first, second = two_greatest((information / entropies(data.values)).T)
    return first - second
