"""Random rows that share the value of one factor, from arrays: no generator needed."""

from dataclasses import dataclass

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, check_factors


@dataclass(frozen=True)
class RowsByValue:
    """Lists of the rows that have each value of each factor.

    A combination of values that no row has is never drawn. Values that one row alone
    has are left out.

    Args:
        rows: For each factor, the rows in the order of its values.
        starts: For each factor, where the rows of each value begin.
        counts: For each factor, how many rows each value has, at least 2.
    """

    rows: tuple[np.ndarray, ...]
    starts: tuple[np.ndarray, ...]
    counts: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, values: np.ndarray) -> "RowsByValue":
        """The lists of factors of shape (n, factors)."""
        rows, starts, counts = [], [], []
        for column in values.T:
            count = np.bincount(column)
            start = np.cumsum(count) - count
            rows.append(np.argsort(column, kind="stable"))
            starts.append(start[count > 1])
            counts.append(count[count > 1])
        return cls(tuple(rows), tuple(starts), tuple(counts))

    def draw(
        self, count: int, size: int, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw a factor, a value of it, and pairs of different rows that have it.

        Args:
            count: How many draws.
            size: Pairs of rows in each draw.
            generator: What draws: factors and values alike often, rows repeatedly.

        Returns:
            The factors (count,), the first rows of the pairs (count, size), and the
            second ones.
        """
        factors = generator.integers(0, len(self.rows), count)
        first, second = np.empty((2, count, size), "int64")
        for factor in range(len(self.rows)):
            drawn = np.flatnonzero(factors == factor)
            value = generator.integers(0, len(self.counts[factor]), len(drawn))
            start = self.starts[factor][value][:, None]
            rows = self.counts[factor][value][:, None]
            shape = (len(drawn), size)
            position = generator.integers(0, rows, shape)
            other = (position + generator.integers(1, rows, shape)) % rows
            first[drawn] = self.rows[factor][start + position]
            second[drawn] = self.rows[factor][start + other]
        return factors, first, second


def with_shared_values(data: FactorData) -> FactorData:
    """Leave out factors of which no two rows share a value.

    Raises:
        ValueError: If fewer than two factors are left.
    """
    shared = [np.bincount(column).max() > 1 for column in data.values.T]
    kept = data.only(np.array(shared))
    check_factors(kept, 2)
    return kept
