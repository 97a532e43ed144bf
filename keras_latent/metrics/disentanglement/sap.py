"""Is each factor predicted by one code alone?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, factor_data
from keras_latent.metrics.disentanglement.interval import (
    bootstrap_interval,
    check_resamples,
    interval_protocol,
)
from keras_latent.metrics.disentanglement.mig import two_greatest
from keras_latent.metrics.disentanglement.split import split_rows
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_seed


def sap(
    codes: Any,
    factors: Any,
    train_size: int = 10000,
    test_size: int = 5000,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Score:
    """Gap between the two codes that predict a factor best, each by itself.

    A code predicts a discrete factor by a linear support vector machine, whose accuracy
    in other rows counts; of a continuous factor the squared correlation counts. The
    score is the mean of the gaps. The second code is at chance at best for the score,
    so perfect codes have 1 for continuous factors, but for a discrete one at most 1 - 1
    / values; and between two values, a line has no place for a third: factors of many
    values stay below. Codes that each have a copy have 0.

    A factor of one value is left out and named in the protocol. A constant code
    predicts a continuous factor with 0, a discrete one at chance. Of a single code, the
    gap is that to 0. Support vector machines see the codes as they are: the score
    depends on their scale, most published values are for deviations near 1.

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
        The score in [0, 1]; the protocol has each factor's gap in `by_factor`, and in
        `ceiling` the greatest gap that it can have.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, or no factor varies.

    Source: Kumar, Sattigeri and Balakrishnan 2018, "Variational inference of
    disentangled latent concepts from unlabeled observations", section 3.

    >>> import numpy as np
    >>> codes = np.random.default_rng(0).normal(size=(300, 2))
    >>> 0.95 < float(sap(codes, codes)) < 1
    True
    """
    import sklearn

    check_resamples(resamples)
    seed = checked_seed(seed)
    data = factor_data(
        codes, factors, continuous_factors, factor_names, 20, least_rows=3
    )
    train, test = split_rows(data, train_size, test_size, seed)
    gaps = _gaps(train, test, seed)
    ceilings = 1 - 1 / (train.values.max(axis=0) + 1)
    if train.codes.shape[1] == 1:
        ceilings = np.ones_like(ceilings)
    protocol = {
        "measure": "gap of accuracy, of the squared correlation for continuous factors",
        "classifier": "linear support vector machine, C=0.01, balanced classes",
        "standardised": False,
        "scikit-learn": sklearn.__version__,
        **train.protocol,
        "by_factor": train.by_factor(gaps),
        "ceiling": train.by_factor(np.where(train.is_continuous, 1.0, ceilings)),
        **interval_protocol(resamples, seed),
    }

    def measure(train: FactorData, test: FactorData) -> float:
        return float(_gaps(train, test, seed).mean())

    interval = bootstrap_interval(measure, train, test, resamples=resamples, seed=seed)
    return Score(float(gaps.mean()), protocol, interval)


def _gaps(train: FactorData, test: FactorData, seed: int) -> np.ndarray:
    scores = np.zeros((train.codes.shape[1], len(train.names)))
    for factor, is_continuous in enumerate(train.is_continuous):
        if is_continuous:
            scores[:, factor] = _squared_correlations(
                train.codes, train.factors[:, factor]
            )
        else:
            scores[:, factor] = _accuracies(train, test, factor, seed)
    first, second = two_greatest(scores)
    return first - second


def _squared_correlations(codes: np.ndarray, factor: np.ndarray) -> np.ndarray:
    codes, factor = codes - codes.mean(axis=0), factor - factor.mean()
    variances = np.square(codes).sum(axis=0) * np.square(factor).sum()
    squares = np.square(factor @ codes)
    return np.divide(
        squares, variances, out=np.zeros_like(squares), where=variances > 0
    )


def _accuracies(
    train: FactorData, test: FactorData, factor: int, seed: int
) -> np.ndarray:
    """Test accuracy of each code by itself."""
    from sklearn.svm import LinearSVC

    accuracies = np.empty(train.codes.shape[1])
    for code in range(len(accuracies)):
        classifier = LinearSVC(
            C=0.01, class_weight="balanced", random_state=seed % 2**32
        )
        classifier.fit(train.codes[:, [code]], train.values[:, factor])
        predicted = classifier.predict(test.codes[:, [code]])
        accuracies[code] = np.mean(predicted == test.values[:, factor])
    return accuracies
