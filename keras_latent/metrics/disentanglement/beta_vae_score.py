"""Do differences of codes tell which factor two images share? β-VAE's score."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, factor_data
from keras_latent.metrics.disentanglement.interval import (
    bootstrap_interval,
    check_resamples,
    interval_protocol,
)
from keras_latent.metrics.disentanglement.rows_by_value import (
    RowsByValue,
    with_shared_values,
)
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_positive_integer, checked_seed

_DRAWS_AT_ONCE = 500


def beta_vae_score(
    codes: Any,
    factors: Any,
    train_points: int = 10000,
    test_points: int = 5000,
    batch_size: int = 64,
    bins: int = 20,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Score:
    """Accuracy of telling linearly which factor is shared by pairs of images.

    A point is the mean over pairs of |z - z'|, of rows that share a value of a factor
    which is drawn; a logistic regression tells the factor. Perfect codes have 1, and so
    may codes that lack one of the factors, or are rotated: the measure is lenient.
    Useless codes have 1 / factors.

    The regression is penalised and sees the codes as they are: the score depends a
    little on their scale. Rows come from lists of those that have a value: missing
    combinations are never drawn. Values of one row alone are left out, and factors of
    one value, or without a value that rows share, which are named in the protocol.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors): the value of each factor, at least two
            that vary.
        train_points: Points to train on. Defaults to 10000.
        test_points: Points to test on. Defaults to 5000.
        batch_size: Pairs of a point. Defaults to 64.
        bins: Into how many equal bins continuous factors are cut. Defaults to 20.
        continuous_factors: Columns of `factors` that are continuous. Defaults to
            `None`: those that hold other numbers than integers.
        factor_names: One name for each factor, for the protocol. Defaults to `None`:
            the numbers of the columns.
        resamples: Resamples of the rows for the interval, 0 for none; each costs as
            much as the score. Defaults to 0.
        seed: Seed of the pairs and the resamples. Defaults to 0.

    Returns:
        The accuracy, in [0, 1].

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, or fewer than two
            factors vary.

    Source: Higgins et al. 2017, "β-VAE: learning basic visual concepts with a
    constrained variational framework", section 3.

    >>> import numpy as np
    >>> factors = np.indices((4, 5, 6)).reshape(3, -1).T
    >>> float(beta_vae_score(factors, factors, 500, 100))
    1.0
    """
    import sklearn

    check_resamples(resamples)
    seed = checked_seed(seed)
    train_points = checked_positive_integer("train_points", train_points)
    test_points = checked_positive_integer("test_points", test_points)
    batch_size = checked_positive_integer("batch_size", batch_size)
    data = factor_data(codes, factors, continuous_factors, factor_names, bins, 2)
    data = with_shared_values(data)
    protocol = {
        "measure": "β-VAE score: accuracy",
        "classifier": "logistic regression, L2 penalty, C=1",
        "standardised": False,
        "scikit-learn": sklearn.__version__,
        "train_points": train_points,
        "test_points": test_points,
        "batch_size": batch_size,
        "chance": 1 / len(data.names),
        **data.protocol,
        **interval_protocol(resamples, seed),
    }

    def measure(data: FactorData) -> float:
        points, shared = _points(data, train_points + test_points, batch_size, seed)
        return _accuracy(points, shared, train_points)

    interval = bootstrap_interval(measure, data, resamples=resamples, seed=seed)
    return Score(measure(data), protocol, interval)


def _points(
    data: FactorData, count: int, batch_size: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Points of shape (count, latent_dim), and the factor that each shares."""
    lists = RowsByValue.of(data.values)
    generator = np.random.default_rng(seed)
    factors, first, second = lists.draw(count, batch_size, generator)
    points = np.empty((count, data.codes.shape[1]))
    for start in range(0, count, _DRAWS_AT_ONCE):
        part = slice(start, start + _DRAWS_AT_ONCE)
        difference = np.abs(data.codes[first[part]] - data.codes[second[part]])
        points[part] = difference.mean(axis=1)
    return points, factors


def _accuracy(points: np.ndarray, shared: np.ndarray, train_points: int) -> float:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    train, test = shared[:train_points], shared[train_points:]
    if (train == train[0]).all():
        return float(np.mean(test == train[0]))
    classifier = LogisticRegression(max_iter=1000)
    with threadpool_limits(1):
        classifier.fit(points[:train_points], train)
        return float(np.mean(classifier.predict(points[train_points:]) == test))
