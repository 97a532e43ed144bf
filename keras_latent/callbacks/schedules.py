"""How a number moves with the steps or epochs of a training."""

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, Self

import keras

from keras_latent.validation import check_in_range, check_positive_integer

_LEAST = 1e-12
"""What a number that changes by factors is at least."""


class Schedule(ABC):
    """A number as a function of the step, saved by its fields."""

    @abstractmethod
    def __call__(self, step: int) -> float:
        """The number at `step`, counted from 0."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The schedule of a config."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_latent")
@dataclasses.dataclass(frozen=True)
class Linear(Schedule):
    """A straight line from `start` to `end`, then constant.

    Args:
        start: The number at step 0, at least 0.
        end: The number from step `duration` on, at least 0.
        duration: How many steps or epochs the change takes.

    >>> warm_up = Linear(start=0.0, end=1.0, duration=10)
    >>> [warm_up(step) for step in (0, 5, 10, 99)]
    [0.0, 0.5, 1.0, 1.0]
    """

    start: float
    end: float
    duration: int

    def __post_init__(self) -> None:
        check_in_range("start", self.start)
        check_in_range("end", self.end)
        check_positive_integer("duration", self.duration)

    def __call__(self, step: int) -> float:
        """The number at `step`, counted from 0."""
        progress = min(step / self.duration, 1.0)
        return self.start + (self.end - self.start) * progress


@keras.saving.register_keras_serializable(package="keras_latent")
@dataclasses.dataclass(frozen=True)
class Exponential(Schedule):
    """A change by the same factor each step, from `start` to `end`, then constant.

    So temperatures are lowered: `WeightSchedule("temperature", Exponential(...))` for a
    model with a `GumbelQuantizer`.

    Args:
        start: The number at step 0, above 0.
        end: The number from step `duration` on, above 0.
        duration: How many steps or epochs the change takes.

    Source: Jang, Gu and Poole 2017, Categorical Reparameterization with
    Gumbel-Softmax, https://arxiv.org/abs/1611.01144, which lower the temperature so.

    >>> temperature = Exponential(start=1.0, end=0.25, duration=10)
    >>> [temperature(step) for step in (0, 5, 10, 99)]
    [1.0, 0.5, 0.25, 0.25]
    """

    start: float
    end: float
    duration: int

    def __post_init__(self) -> None:
        check_in_range("start", self.start, _LEAST)
        check_in_range("end", self.end, _LEAST)
        check_positive_integer("duration", self.duration)

    def __call__(self, step: int) -> float:
        """The number at `step`, counted from 0."""
        progress = min(step / self.duration, 1.0)
        return self.start * (self.end / self.start) ** progress


@keras.saving.register_keras_serializable(package="keras_latent")
@dataclasses.dataclass(frozen=True)
class Cyclic(Schedule):
    """A rise from `start` to `end` that begins anew in each period.

    Of each period, the first part `ramp` is a straight rise, the rest is constant.

    Args:
        start: The number at the beginning of each period, at least 0.
        end: The number after the rise, at least 0.
        period: How many steps or epochs one cycle takes.
        ramp: The share of the period that the rise takes, in [0, 1]; R in the paper.
            Defaults to 0.5.

    Source: Fu et al. 2019, Cyclical Annealing Schedule: A Simple Approach to
    Mitigating KL Vanishing, https://arxiv.org/abs/1903.10145.

    >>> beta = Cyclic(start=0.0, end=1.0, period=8)
    >>> [beta(step) for step in range(10)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 0.0, 0.25]
    """

    start: float
    end: float
    period: int
    ramp: float = 0.5

    def __post_init__(self) -> None:
        check_in_range("start", self.start)
        check_in_range("end", self.end)
        check_positive_integer("period", self.period)
        check_in_range("ramp", self.ramp, 0, 1)

    def __call__(self, step: int) -> float:
        """The number at `step`, counted from 0."""
        position = step % self.period / self.period
        if position >= self.ramp:
            return self.end
        return self.start + (self.end - self.start) * position / self.ramp
