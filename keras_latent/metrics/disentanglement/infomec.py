"""Modularity, compactness and explicitness, in shares of information."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, factor_data
from keras_latent.metrics.disentanglement.information import (
    discrete_information,
    entropies,
    neighbour_information,
)
from keras_latent.metrics.disentanglement.interval import (
    bootstrap_interval,
    check_resamples,
    interval_protocol,
)
from keras_latent.metrics.disentanglement.split import coefficient_of_determination
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_positive_integer, checked_seed

_ACTIVE_SHARE = 1 / 20


@dataclass(frozen=True, kw_only=True)
class InfoMECScore(Score):
    """Three numbers; its own number is the modularity.

    Args:
        value: The number: the modularity.
        protocol: All that one needs to measure it again.
        interval: Half of the width of the number's 95 % interval, where rows were
            resampled. Defaults to `None`.
        modularity: InfoM: whether each code tells of one factor alone, at most 1.
        compactness: InfoC: whether one code alone tells of each factor, at most 1.
        explicitness: InfoE: how well the factors are told linearly, at most 1.
    """

    modularity: float
    compactness: float
    explicitness: float


def infomec(
    codes: Any,
    factors: Any,
    neighbours: int = 10,
    size: int = 10000,
    bins: int = 20,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> InfoMECScore:
    """Modularity, compactness and explicitness by mutual information.

    Of the information of each active code with each factor, in shares of the factor's
    entropy, InfoM takes for each code the share of its best factor, and InfoC for each
    factor the share of its best code; the means are stretched so that 0 is an even
    spread and 1 all in one. InfoE is the mean over the factors of the share of the
    entropy that a linear classifier saves, without penalty and in the same rows; of the
    variance, for a continuous factor. Perfect codes have 1 in the first two, and copies
    keep the first; the third is 1 where a linear classifier tells every value. Useless
    codes are *not* at 0 in the first two, whose small shares are unlike: see `chance`
    in the protocol; the third is near 0.

    Active are codes whose range exceeds a twentieth of the greatest. The estimate goes
    by neighbours, or by counts for a code of which each number has more than
    `neighbours` rows or so. If no code is active or tells anything, InfoM and InfoC are
    0. Of one active code that tells something of a factor, InfoC is 1: what tells of
    the factor is in one code. A factor of one value is left out and named.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors): the value of each factor, at least two
            that vary.
        neighbours: Neighbours of the estimator. Defaults to 10.
        size: At most so many rows are drawn. Defaults to 10000.
        bins: Into how many equal bins continuous factors are cut for the information.
            Defaults to 20.
        continuous_factors: Columns of `factors` that are continuous. Defaults to
            `None`: those that hold other numbers than integers.
        factor_names: One name for each factor, for the protocol. Defaults to `None`:
            the numbers of the columns.
        resamples: Halves of the rows for the interval of InfoM, 0 for none: rows that
            are drawn twice would deceive the estimator. Defaults to 0.
        seed: Seed of the draws, and of the shuffled rows. Defaults to 0.

    Returns:
        The three; the protocol has `active_codes`, the explicitness of each factor in
        `by_factor`, and in `chance` InfoM and InfoC of the codes with shuffled rows.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, or fewer than two
            factors vary.

    Source: Hsu et al. 2023, "Disentanglement via latent quantization".

    >>> import numpy as np
    >>> factors = np.random.default_rng(0).integers(0, 2, (300, 2))
    >>> score = infomec(factors, factors)
    >>> score.modularity > 0.95, score.compactness > 0.95, score.explicitness > 0.99
    (True, True, True)
    """
    import sklearn

    check_resamples(resamples)
    seed = checked_seed(seed)
    neighbours = checked_positive_integer("neighbours", neighbours)
    size = checked_positive_integer("size", size)
    data = factor_data(codes, factors, continuous_factors, factor_names, bins, 2)
    if len(data.codes) > size:
        chosen = np.random.default_rng(seed).permutation(len(data.codes))[:size]
        data = data.rows(chosen)
        if not data.varying.all():
            raise ValueError(
                "`size` must leave rows in which every factor varies. "
                f"Received: size={size}"
            )
    shares, active, counted = _shares(data, neighbours)
    explicit = _explicitness(data)
    order = np.random.default_rng([seed, 2]).permutation(len(data.codes))
    shuffled = _shares(replace(data, codes=data.codes[order]), neighbours)[0]
    protocol = {
        "measure": "InfoM, InfoC, InfoE",
        "estimator": f"{neighbours} neighbours; counts for codes that repeat",
        "codes_by_counts": counted,
        "active_codes": active,
        "classifier": "logistic regression without penalty, in the same rows",
        "scikit-learn": sklearn.__version__,
        **data.protocol,
        "n": len(data.codes),
        "by_factor": data.by_factor(explicit),
        "chance": {
            "modularity": stretched_share(shuffled),
            "compactness": stretched_share(shuffled.T),
        },
        **interval_protocol(resamples, seed, replaced=False),
    }

    def measure(data: FactorData) -> float:
        return stretched_share(_shares(data, neighbours)[0])

    interval = bootstrap_interval(
        measure, data, resamples=resamples, seed=seed, replaced=False
    )
    modularity = stretched_share(shares)
    return InfoMECScore(
        value=modularity,
        protocol=protocol,
        interval=interval,
        modularity=modularity,
        compactness=stretched_share(shares.T),
        explicitness=float(explicit.mean()),
    )


def stretched_share(shares: np.ndarray) -> float:
    """Mean over rows of the share of the greatest, stretched to 0 for an even spread.

    Args:
        shares: float64 of shape (rows, columns), at least 0.

    Returns:
        (mean - 1/columns)/(1 - 1/columns). A row of nothing counts as an even spread.
        With one column, 1 if it holds anything; 0 without rows or columns.
    """
    rows, columns = shares.shape
    if not rows or not columns:
        return 0.0
    if columns == 1:
        return float(shares.any())
    sums = shares.sum(axis=1)
    even = np.full(rows, 1 / columns)
    greatest = np.divide(shares.max(axis=1), sums, out=even, where=sums > 0)
    return float((greatest.mean() - 1 / columns) / (1 - 1 / columns))


def _shares(
    data: FactorData, neighbours: int
) -> tuple[np.ndarray, list[int], list[int]]:
    """Shares of information (active codes, factors), the active codes, the counted."""
    ranges = np.ptp(data.codes, axis=0)
    active = np.flatnonzero(ranges > ranges.max() * _ACTIVE_SHARE).tolist()
    information, counted = np.zeros((len(active), len(data.names))), []
    for row, code in enumerate(active):
        column = data.codes[:, code]
        numbers, values = np.unique(column, return_inverse=True)
        if len(numbers) * (neighbours + 1) <= len(column):
            counted.append(code)
            information[row] = discrete_information(values[:, None], data.values)[0]
            continue
        for factor, of_rows in enumerate(data.values.T):
            information[row, factor] = neighbour_information(
                column, of_rows, neighbours
            )
    return information / entropies(data.values), active, counted


def _explicitness(data: FactorData) -> np.ndarray:
    """The share of each factor's entropy, or variance, that is saved linearly."""
    from scipy.special import log_softmax
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    codes = StandardScaler().fit_transform(data.codes)
    saved = np.empty(len(data.names))
    nulls = entropies(data.values)
    with threadpool_limits(1):
        for factor, is_continuous in enumerate(data.is_continuous):
            if is_continuous:
                true = data.factors[:, factor]
                line = LinearRegression().fit(codes, true)
                saved[factor] = coefficient_of_determination(true, line.predict(codes))
                continue
            values = data.values[:, factor]
            classifier = LogisticRegression(C=np.inf, max_iter=1000)
            scores = classifier.fit(codes, values).decision_function(codes)
            if scores.ndim == 1:
                scores = np.stack([np.zeros_like(scores), scores], axis=1)
            logarithms = log_softmax(scores, axis=1)
            # Not `values` themselves: a half of the rows may lack one.
            columns = np.searchsorted(classifier.classes_, values)
            loss = -logarithms[np.arange(len(values)), columns].mean()
            saved[factor] = max(0.0, 1 - loss / nulls[factor])
    return saved
