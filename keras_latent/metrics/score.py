"""A measured number that says how it was measured."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """A number with the protocol behind it.

    Args:
        value: The number.
        protocol: All that one needs to measure it again.
        interval: Half of the width of the number's 95 % interval, where it is a mean of
            random draws: the interval is value ± interval. Defaults to `None`.

    >>> score = Score(0.944, {"k": 5, "n_train": 20000})
    >>> float(score)
    0.944
    >>> score.protocol["k"]
    5
    """

    value: float
    protocol: dict[str, Any]
    interval: float | None = None

    def __float__(self) -> float:
        return self.value
