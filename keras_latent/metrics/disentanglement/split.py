"""Rows for training and rows for testing."""

from dataclasses import replace

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, check_factors
from keras_latent.validation import checked_positive_integer


def split_rows(
    data: FactorData,
    train_size: int,
    test_size: int,
    seed: int,
    least_factors: int = 1,
) -> tuple[FactorData, FactorData]:
    """Draw rows for training and others for testing.

    Two thirds of the rows, and at most `train_size`, are for training, and of the
    others at most `test_size` for testing. A factor that has one value in the rows for
    training can't be learned, and is left out.

    Args:
        data: The data, of at least 3 rows.
        train_size: At most so many rows to train on.
        test_size: At most so many rows to test on.
        seed: Seed of the draws.
        least_factors: How many factors must be left. Defaults to 1.

    Returns:
        Both parts; the protocol of the first says what was drawn.

    Raises:
        ValueError: If a size isn't a positive integer, or too few factors are left.
    """
    train_size = checked_positive_integer("train_size", train_size)
    test_size = checked_positive_integer("test_size", test_size)
    order = np.random.default_rng(seed).permutation(len(data.codes))
    n_train = min(train_size, max(2, 2 * len(order) // 3), len(order) - 1)
    n_test = min(test_size, len(order) - n_train)
    varying = data.rows(order[:n_train]).varying
    data = data.only(varying)
    check_factors(data, least_factors)
    protocol = data.protocol | {"n_train": n_train, "n_test": n_test}
    data = replace(data, protocol=protocol)
    return data.rows(order[:n_train]), data.rows(order[n_train : n_train + n_test])


def coefficient_of_determination(true: np.ndarray, predicted: np.ndarray) -> float:
    """R², at least 0: the share of the variance that a prediction explains.

    Args:
        true: float64 of shape (n,).
        predicted: float64 of shape (n,).

    Returns:
        The share in [0, 1]; 0 if `true` doesn't vary.
    """
    total = np.square(true - true.mean()).sum()
    if total == 0:
        return 0.0
    return max(0.0, 1.0 - float(np.square(true - predicted).sum() / total))
