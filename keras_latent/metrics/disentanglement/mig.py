"""Is each factor told by one code alone? The mutual information gap."""

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
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_seed


def mig(
    codes: Any,
    factors: Any,
    bins: int = 20,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Score:
    """Mutual information gap: how far ahead the best code of a factor is of the second.

    The mean over the factors of (I₁ - I₂)/H: the two greatest of the mutual information
    of a code with the factor, in shares of the factor's entropy. Perfect codes have 1,
    codes that each have a copy 0, useless ones about 0. Codes are cut into equal bins;
    give means, not samples, to compare with published values.

    A factor of one value is left out and named in the protocol. A constant code tells
    nothing: 0. Of a single code, the gap is that to 0.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors), or (n,): the value of each factor. No
            combination has to be there.
        bins: Into how many equal bins from least to greatest a code is cut, and a
            continuous factor; at most n. Defaults to 20.
        continuous_factors: Columns of `factors` that are continuous. Defaults to
            `None`: those that hold other numbers than integers.
        factor_names: One name for each factor, for the protocol. Defaults to `None`:
            the numbers of the columns.
        resamples: Resamples of the rows for the interval, 0 for none. Defaults to 0.
        seed: Seed of the resamples. Defaults to 0.

    Returns:
        The score in [0, 1]; the protocol has the gap of each factor in `by_factor`.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, there are fewer rows
            than bins, or no factor varies.

    Source: Chen et al. 2018, "Isolating sources of disentanglement in variational
    autoencoders", equation 6; with bins Locatello et al. 2019, "Challenging common
    assumptions in the unsupervised learning of disentangled representations".

    >>> import numpy as np
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> round(float(mig(factors, factors)), 9)
    1.0
    >>> float(mig(np.repeat(factors, 2, axis=1), factors))
    0.0
    """
    check_resamples(resamples)
    seed = checked_seed(seed)
    data = factor_data(codes, factors, continuous_factors, factor_names, bins)
    check_bins(bins, len(data.codes))
    protocol = {
        "measure": "mutual information gap",
        "estimator": "counts, of codes in equal bins",
        "bins": bins,
        **data.protocol,
        "by_factor": data.by_factor(_gaps(data, bins)),
        **interval_protocol(resamples, seed),
    }

    def measure(data: FactorData) -> float:
        return float(_gaps(data, bins).mean())

    interval = bootstrap_interval(measure, data, resamples=resamples, seed=seed)
    return Score(measure(data), protocol, interval)


def _gaps(data: FactorData, bins: int) -> np.ndarray:
    information = discrete_information(in_equal_bins(data.codes, bins), data.values)
    first, second = two_greatest(information)
    return (first - second) / entropies(data.values)


def two_greatest(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two greatest of each column, of one alone it and 0.

    Args:
        numbers: Array of shape (rows, columns), at least 0.

    Returns:
        Both, of shape (columns,).
    """
    ordered = np.sort(np.vstack([np.zeros_like(numbers[:1]), numbers]), axis=0)
    return ordered[-1], ordered[-2]
