"""A measured number that says how it was measured."""

from dataclasses import dataclass
from typing import Any

import numpy as np


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
    >>> score > 0.9, f"{score:.1%}"
    (True, '94.4%')
    """

    value: float
    protocol: dict[str, Any]
    interval: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "protocol", _plain(self.protocol))

    def __float__(self) -> float:
        return self.value

    def __format__(self, form: str) -> str:
        return format(self.value, form) if form else str(self)

    def __lt__(self, other: Any) -> bool:
        return self.value < float(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= float(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > float(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= float(other)


def _plain(value: Any) -> Any:
    """What JSON holds, where an argument was a number of NumPy's."""
    if isinstance(value, dict):
        return {name: _plain(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(own) for own in value]
    return value.item() if isinstance(value, np.generic) else value
