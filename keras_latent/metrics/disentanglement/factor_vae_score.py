"""Does the code that varies least tell which factor stood still? FactorVAE's score."""

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
from keras_latent.validation import (
    check_in_range,
    checked_positive_integer,
    checked_seed,
)

_DRAWS_AT_ONCE = 500


def factor_vae_score(
    codes: Any,
    factors: Any,
    train_votes: int = 10000,
    test_votes: int = 5000,
    batch_size: int = 64,
    least_deviation: float = 0.05,
    bins: int = 20,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> Score:
    """Accuracy of telling the factor that stood still by the code that varied least.

    A vote draws a factor, a value of it, and rows that have the value, and goes to the
    code whose variance among them is least in shares of its variance among all rows.
    Each code then stands for the factor that most of its votes had. Perfect codes have
    1, codes that each have a copy too; useless codes have 1 / factors and above.

    Codes that deviate less than `least_deviation` have no vote, and if none has, the
    score is 0. Rows come from lists of those that have a value: missing combinations
    are never drawn. Values of one row alone are left out, and factors of one value, or
    without a value that rows share, which are named in the protocol.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors): the value of each factor, at least two
            that vary.
        train_votes: Votes that decide what a code stands for. Defaults to 10000.
        test_votes: Votes that are judged. Defaults to 5000.
        batch_size: Rows of a vote, at least 2, drawn with replacement. Defaults to 64.
        least_deviation: Standard deviation below which a code is taken as unused.
            Defaults to 0.05.
        bins: Into how many equal bins continuous factors are cut. Defaults to 20.
        continuous_factors: Columns of `factors` that are continuous. Defaults to
            `None`: those that hold other numbers than integers.
        factor_names: One name for each factor, for the protocol. Defaults to `None`:
            the numbers of the columns.
        resamples: Resamples of the rows for the interval, 0 for none; each costs as
            much as the score. Defaults to 0.
        seed: Seed of the votes and the resamples. Defaults to 0.

    Returns:
        The accuracy, in [0, 1].

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, or fewer than two
            factors vary.

    Source: Kim and Mnih 2018, "Disentangling by factorising", section 4.

    >>> import numpy as np
    >>> factors = np.indices((4, 5, 6)).reshape(3, -1).T
    >>> float(factor_vae_score(factors, factors, 500, 100))
    1.0
    """
    check_resamples(resamples)
    seed = checked_seed(seed)
    train_votes = checked_positive_integer("train_votes", train_votes)
    test_votes = checked_positive_integer("test_votes", test_votes)
    check_in_range("batch_size", batch_size, 2)
    batch_size = checked_positive_integer("batch_size", batch_size)
    check_in_range("least_deviation", least_deviation)
    data = factor_data(codes, factors, continuous_factors, factor_names, bins, 2)
    data = with_shared_values(data)
    voting = data.active & (data.codes.std(axis=0, ddof=1) >= least_deviation)
    protocol = {
        "measure": "FactorVAE score: accuracy",
        "classifier": "majority of votes of the code of least relative variance",
        "train_votes": train_votes,
        "test_votes": test_votes,
        "batch_size": batch_size,
        "least_deviation": least_deviation,
        "unused_codes": np.flatnonzero(~voting).tolist(),
        "chance": 1 / len(data.names),
        **data.protocol,
        **interval_protocol(resamples, seed),
    }

    def measure(data: FactorData) -> float:
        deviations = data.codes.std(axis=0, ddof=1)
        used = data.active & (deviations >= least_deviation)
        if not used.any():
            return 0.0
        codes = data.codes[:, used] / deviations[used]
        table = _votes(
            codes, data.values, train_votes + test_votes, batch_size, train_votes, seed
        )
        stands_for = table[0].argmax(axis=1)
        right = table[1][np.arange(len(stands_for)), stands_for].sum()
        return float(right / test_votes)

    interval = bootstrap_interval(measure, data, resamples=resamples, seed=seed)
    return Score(measure(data), protocol, interval)


def _votes(
    codes: np.ndarray,
    values: np.ndarray,
    count: int,
    batch_size: int,
    train_votes: int,
    seed: int,
) -> np.ndarray:
    """Counts of votes, of shape (training or testing, codes, factors)."""
    lists = RowsByValue.of(values)
    factors, rows, _ = lists.draw(count, batch_size, np.random.default_rng(seed))
    table = np.zeros((2, codes.shape[1], values.shape[1]), "int64")
    for start in range(0, count, _DRAWS_AT_ONCE):
        part = slice(start, start + _DRAWS_AT_ONCE)
        votes = codes[rows[part]].var(axis=1).argmin(axis=1)
        is_test = (np.arange(count)[part] >= train_votes).astype("int64")
        np.add.at(table, (is_test, votes, factors[part]), 1)
    return table
