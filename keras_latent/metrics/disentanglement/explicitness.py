"""How well a linear classifier tells each value of the factors from the codes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, factor_data
from keras_latent.metrics.disentanglement.interval import (
    bootstrap_interval,
    check_resamples,
    interval_protocol,
)
from keras_latent.metrics.disentanglement.split import split_rows
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_seed


def explicitness(
    codes: Any,
    factors: Any,
    train_size: int = 10000,
    test_size: int = 5000,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Score:
    """How well each value of a factor is told linearly: 0.5 by chance, 1 at best.

    For each factor a logistic regression is fitted to standardised codes. The score is
    the area under its receiver operating characteristic, one value against the rest,
    in other rows; the mean over the values of a factor, and then over the factors. Of a
    continuous factor it is what the area generalises to, the probability that of two
    rows a linear regression orders their values rightly.

    A line tells the ends of a code well, and a value between them from one side alone:
    a factor of three values or more that is one code, in order, stays below 1.

    Values that are not among the rows for training or for testing don't count. A factor
    of one value is left out and named in the protocol. It doesn't matter how many codes
    share what they tell: rotated codes have what the codes have.

    Args:
        codes: Array of shape (n, latent_dim), at least 3 rows.
        factors: Array of shape (n, factors), or (n,): the value of each factor.
        train_size: At most so many rows, and at most two thirds, are for training.
            Defaults to 10000.
        test_size: At most so many of the others are for testing. Defaults to 5000.
        continuous_factors: Columns of `factors` that are continuous. Defaults to
            `None`: those that hold other numbers than integers.
        factor_names: One name for each factor, for the protocol. Defaults to `None`:
            the numbers of the columns.
        resamples: Resamples of the rows for the interval, 0 for none. Defaults to 0.
        seed: Seed of the split and the resamples. Defaults to 0.

    Returns:
        The score in [0, 1]; the protocol has each factor's in `by_factor`.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, or no factor varies.

    Source: Ridgeway and Mozer 2018, "Learning deep disentangled embeddings with the
    F-statistic loss".

    >>> import numpy as np
    >>> factors = np.indices((4, 50)).reshape(2, -1).T[:, :1]
    >>> round(float(explicitness(np.eye(4)[factors[:, 0]], factors)), 9)
    1.0
    """
    import sklearn

    check_resamples(resamples)
    seed = checked_seed(seed)
    data = factor_data(
        codes, factors, continuous_factors, factor_names, 20, least_rows=3
    )
    train, test = split_rows(data, train_size, test_size, seed)
    areas = _areas(train, test)
    protocol = {
        "measure": "area under the receiver operating characteristic",
        "classifier": "logistic regression, L2 penalty, C=1",
        "standardised": True,
        "scikit-learn": sklearn.__version__,
        "chance": 0.5,
        **train.protocol,
        "by_factor": train.by_factor(areas),
        **interval_protocol(resamples, seed),
    }

    def measure(train: FactorData, test: FactorData) -> float:
        return float(_areas(train, test).mean())

    interval = bootstrap_interval(measure, train, test, resamples=resamples, seed=seed)
    return Score(float(areas.mean()), protocol, interval)


def _areas(train: FactorData, test: FactorData) -> np.ndarray:
    """The mean area of each factor; 0.5 if no value can be measured."""
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    scaler = StandardScaler().fit(train.codes)
    train_codes, test_codes = (
        scaler.transform(train.codes),
        scaler.transform(test.codes),
    )
    areas = np.full(len(train.names), 0.5)
    with threadpool_limits(1):
        for factor, is_continuous in enumerate(train.is_continuous):
            if is_continuous:
                line = LinearRegression().fit(train_codes, train.factors[:, factor])
                predicted = line.predict(test_codes)
                areas[factor] = _ordered_rightly(test.factors[:, factor], predicted)
                continue
            classifier = LogisticRegression(max_iter=1000)
            classifier.fit(train_codes, train.values[:, factor])
            scores = classifier.decision_function(test_codes)
            if scores.ndim == 1:
                scores = np.stack([-scores, scores], axis=1)
            of_values = [
                _area(test.values[:, factor] == value, scores[:, column])
                for column, value in enumerate(classifier.classes_)
            ]
            measured = [area for area in of_values if area is not None]
            if measured:
                areas[factor] = np.mean(measured)
    return areas


def _area(is_positive: np.ndarray, scores: np.ndarray) -> float | None:
    """Share of pairs of a positive and a negative row in order, ties for a half."""
    from scipy.stats import rankdata

    positives = np.count_nonzero(is_positive)
    pairs = positives * (len(scores) - positives)
    if not pairs:
        return None
    ranks = rankdata(scores)[is_positive].sum()
    return float((ranks - positives * (positives + 1) / 2) / pairs)


def _ordered_rightly(true: np.ndarray, predicted: np.ndarray) -> float:
    """Share of pairs of rows in order, ties for a half."""
    from scipy.stats import kendalltau

    if len(true) < 2 or true.min() == true.max() or predicted.min() == predicted.max():
        return 0.5
    return float((1 + kendalltau(true, predicted, method="asymptotic").statistic) / 2)
