"""Moves the weight of a term of the loss during the training."""

from collections.abc import Callable
from typing import Any

import keras

from keras_latent.validation import check_choice


class WeightSchedule(keras.callbacks.Callback):
    """Set the weight of one term of the loss, or another number, by a schedule.

    It is a Variable of the model, so that nothing is traced again, and it is saved with
    the model.

    By step, the schedule sees the model's count of its steps, so that a resumed
    training goes on where it stopped; with `steps_per_execution` the weight is set
    once for each execution. By epoch, it sees the epoch's number as `fit` counts it:
    give `initial_epoch` when resuming.

    Args:
        weight: Name of the weight, one of the model's `scheduled`.
        schedule: A function of the step or epoch, counted from 0, to the weight:
            `Linear`, `Cyclic` or one's own.
        by: What the schedule counts, `"epoch"` or `"step"`. Defaults to `"epoch"`.

    Give it to `fit`: `model.fit(images, epochs=30, callbacks=[warm_up])`.

    >>> from keras_latent.callbacks import Linear
    >>> warm_up = WeightSchedule("beta", Linear(0.0, 1.0, duration=10))
    """

    def __init__(
        self, weight: str, schedule: Callable[[int], float], by: str = "epoch"
    ) -> None:
        if not callable(schedule):
            raise ValueError(
                "`schedule` must be a function of the step, such as `Linear`. "
                f"Received: schedule={schedule!r}"
            )
        if not isinstance(weight, str):
            raise ValueError(
                "`weight` must be the name of one number, such as 'beta'. "
                f"Received: weight={weight!r}"
            )
        check_choice("by", by, ["epoch", "step"])
        super().__init__()
        self.weight = weight
        self.schedule = schedule
        self.by = by

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Find the weight.

        Raises:
            ValueError: If the model has no weight of that name.
        """
        weights = getattr(self.model, "scheduled", {})
        if self.weight not in weights:
            raise ValueError(
                f"`weight` must be one of the model's weights {sorted(weights)}. "
                f"Received: weight={self.weight!r}"
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the weight by epoch."""
        if self.by == "epoch":
            setattr(self.model, self.weight, self.schedule(epoch))

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Set the weight by step."""
        if self.by == "step":
            setattr(self.model, self.weight, self.schedule(self.model.steps_made))
