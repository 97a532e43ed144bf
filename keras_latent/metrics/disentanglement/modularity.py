"""Does each code depend on one factor alone?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, factor_data
from keras_latent.metrics.disentanglement.information import (
    check_bins,
    discrete_information,
    in_equal_bins,
)
from keras_latent.metrics.disentanglement.interval import (
    bootstrap_interval,
    check_resamples,
    interval_protocol,
)
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_seed


def modularity(
    codes: Any,
    factors: Any,
    bins: int = 20,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Score:
    """How near each code is to telling of one factor alone.

    The mean over the codes of 1 - Σ I²/(I*²·(factors - 1)): I* is the greatest mutual
    information of the code with a factor, and the sum goes over the other factors.
    Perfect codes have 1, and so have copies of them. Useless codes are *not* at 0: of
    noise, the information is small but unlike; compare with the score of shuffled rows.

    A code that tells nothing counts with 0, as in disentanglement_lib. A factor of one
    value is left out and named in the protocol.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors): the value of each factor, at least two
            that vary.
        bins: Into how many equal bins from least to greatest a code is cut, and a
            continuous factor; at most n. Defaults to 20.
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
        ValueError: If shapes don't fit, a number isn't finite, there are fewer rows
            than bins, or fewer than two factors vary.

    Source: Ridgeway and Mozer 2018, "Learning deep disentangled embeddings with the
    F-statistic loss".

    >>> import numpy as np
    >>> factors = np.indices((4, 5)).reshape(2, -1).T
    >>> round(float(modularity(factors, factors)), 9)
    1.0
    """
    check_resamples(resamples)
    seed = checked_seed(seed)
    data = factor_data(codes, factors, continuous_factors, factor_names, bins, 2)
    check_bins(bins, len(data.codes))
    binned = in_equal_bins(data.codes, bins)
    shuffled = np.random.default_rng([seed, 2]).permutation(binned)
    protocol = {
        "measure": "modularity",
        "estimator": "counts, of codes in equal bins",
        "bins": bins,
        **data.protocol,
        "by_code": _of_codes(binned, data.values).tolist(),
        "chance": float(_of_codes(shuffled, data.values).mean()),
        **interval_protocol(resamples, seed),
    }

    def measure(data: FactorData) -> float:
        return float(_of_codes(in_equal_bins(data.codes, bins), data.values).mean())

    interval = bootstrap_interval(measure, data, resamples=resamples, seed=seed)
    return Score(measure(data), protocol, interval)


def _of_codes(binned: np.ndarray, values: np.ndarray) -> np.ndarray:
    squares = np.square(discrete_information(binned, values))
    greatest = squares.max(axis=1)
    others = (squares.sum(axis=1) - greatest) / (values.shape[1] - 1)
    # In a code that tells nothing, the ratio is set to 1, and so the score to 0.
    ratios = np.divide(others, greatest, out=np.ones_like(others), where=greatest > 0)
    return 1.0 - ratios
