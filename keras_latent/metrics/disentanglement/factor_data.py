"""Codes with the factors that made the images, checked: what these metrics take."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from keras_latent.kinds import is_iterable
from keras_latent.latent_space.codes import as_codes, as_numbers
from keras_latent.metrics.disentanglement.information import in_equal_bins
from keras_latent.validation import checked_positive_integer, is_integer


@dataclass(frozen=True)
class FactorData:
    """Codes and factors of the same rows.

    Args:
        codes: float64 of shape (n, latent_dim).
        factors: float64 of shape (n, factors), as given.
        values: Integers from 0 of shape (n, factors): which of its values a factor has;
            a continuous one has the number of its bin.
        is_continuous: Booleans of shape (factors,).
        names: One name for each factor.
        protocol: What was found when the data were checked.
    """

    codes: np.ndarray
    factors: np.ndarray
    values: np.ndarray
    is_continuous: np.ndarray
    names: tuple[str, ...]
    protocol: dict[str, Any] = field(default_factory=dict)

    def rows(self, chosen: np.ndarray) -> "FactorData":
        """These rows alone."""
        return replace(
            self,
            codes=self.codes[chosen],
            factors=self.factors[chosen],
            values=self.values[chosen],
        )

    def only(self, kept: np.ndarray) -> "FactorData":
        """Those factors that are kept, given a boolean for each; the others named."""
        names = dict(zip(self.names, kept.tolist(), strict=True))
        excluded = [name for name, keep in names.items() if not keep]
        is_continuous = self.is_continuous[kept]
        left = tuple(name for name, keep in names.items() if keep)
        protocol = self.protocol | {
            "factors": list(left),
            "continuous_factors": [
                name
                for name, continuous in zip(left, is_continuous, strict=True)
                if continuous
            ],
            "excluded_factors": [*self.protocol["excluded_factors"], *excluded],
        }
        return FactorData(
            self.codes,
            self.factors[:, kept],
            self.values[:, kept],
            is_continuous,
            left,
            protocol,
        )

    @property
    def varying(self) -> np.ndarray:
        """Booleans of shape (factors,): whether a factor has two values or more."""
        return (self.values != self.values[:1]).any(axis=0)

    @property
    def active(self) -> np.ndarray:
        """Booleans of shape (latent_dim,): whether a code isn't constant."""
        return (self.codes != self.codes[:1]).any(axis=0)

    def by_factor(self, numbers: np.ndarray) -> dict[str, float]:
        """From each factor's name to its number."""
        return dict(zip(self.names, np.asarray(numbers).tolist(), strict=True))


def factor_data(
    codes: Any,
    factors: Any,
    continuous_factors: Sequence[int] | None,
    factor_names: Sequence[str] | None,
    bins: int,
    least_factors: int = 1,
    least_rows: int = 2,
) -> FactorData:
    """Check codes and factors, and leave out the factors that have one value.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors), or (n,) of one factor.
        continuous_factors: The columns that are continuous; `None`: those that hold
            numbers other than integers.
        factor_names: One name for each column; `None`: their indices.
        bins: In how many equal bins the values of a continuous factor fall.
        least_factors: How many factors must vary.
        least_rows: How many rows there must be.

    Returns:
        The data.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, or there are too few
            rows or factors that vary.
    """
    bins = checked_positive_integer("bins", bins)
    codes = as_codes("codes", codes, (2,)).astype("float64")
    factors = as_numbers("factors", factors).astype("float64")
    factors = factors[:, None] if factors.ndim == 1 else factors
    if factors.ndim != 2 or len(factors) != len(codes):
        raise ValueError(
            "`factors` must have the shape (n, factors), one row for each of the "
            f"{len(codes)} codes. Received: factors of shape {factors.shape}"
        )
    if len(codes) < least_rows:
        raise ValueError(
            f"`codes` must hold at least {least_rows} rows. "
            f"Received: codes of shape {codes.shape}"
        )
    count = factors.shape[1]
    is_continuous = _is_continuous(factors, continuous_factors)
    values = np.empty(factors.shape, "int64")
    for column in range(count):
        if is_continuous[column]:
            values[:, column] = in_equal_bins(factors[:, [column]], bins)[:, 0]
        else:
            values[:, column] = np.unique(factors[:, column], return_inverse=True)[1]
    names = _names(factor_names, count)
    data = FactorData(codes, factors, values, is_continuous, names)
    protocol = {
        "n": len(codes),
        "latent_dim": codes.shape[1],
        "constant_codes": np.flatnonzero(~data.active).tolist(),
        "bins_of_continuous_factors": bins,
        "excluded_factors": [],
    }
    data = replace(data, protocol=protocol).only(data.varying)
    check_factors(data, least_factors)
    return data


def check_factors(data: FactorData, least: int) -> None:
    """Refuse data of which too few factors are left.

    Raises:
        ValueError: If there are fewer than `least`.
    """
    if len(data.names) < least:
        counted = "a factor" if least == 1 else f"{least} factors"
        raise ValueError(
            f"`factors` must hold at least {counted} of two values or more. "
            f"Received: factors of which {len(data.names)} can be measured, without "
            f"{data.protocol['excluded_factors']}"
        )


def _is_continuous(
    factors: np.ndarray, continuous_factors: Sequence[int] | None
) -> np.ndarray:
    if continuous_factors is None:
        return (factors != np.round(factors)).any(axis=0)
    count = factors.shape[1]
    given = is_iterable(continuous_factors)
    columns: list[Any] = list(continuous_factors) if given else [continuous_factors]
    # Booleans, a mask, would pass for the columns 0 and 1.
    are_columns = all(is_integer(column) for column in columns)
    if not given or not are_columns or not all(0 <= at < count for at in columns):
        raise ValueError(
            f"`continuous_factors` must be columns from 0 to {count - 1}. "
            f"Received: continuous_factors={continuous_factors!r}"
        )
    is_continuous = np.zeros(count, bool)
    is_continuous[columns] = True
    return is_continuous


def _names(factor_names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if factor_names is None:
        return tuple(str(column) for column in range(count))
    # The letters of one name would pass for names.
    given = is_iterable(factor_names) and not isinstance(factor_names, str)
    names = tuple(factor_names) if given else ()
    are_names = all(isinstance(name, str) for name in names)
    if len(names) != count or not are_names or len(set(names)) != count:
        raise ValueError(
            f"`factor_names` must be {count} different names, one for each factor. "
            f"Received: factor_names={factor_names!r}"
        )
    return tuple(map(str, names))
