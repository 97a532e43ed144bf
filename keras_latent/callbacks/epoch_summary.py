"""The base of the callbacks that write to TensorBoard."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras_latent.validation import checked_path, checked_positive_integer


class EpochSummary(keras.callbacks.Callback, ABC):
    """Write something to TensorBoard at the end of epochs.

    It goes to the folder `train` of `log_dir` at the step of the epoch, beside the
    scalars of `keras.callbacks.TensorBoard(log_dir)`. Of several workers, only the
    chief writes.

    Args:
        log_dir: The folder that TensorBoard reads.
        every: Write in the first epoch, then each that is `every` later. Defaults to 1.
    """

    def __init__(self, log_dir: str | Path, every: int = 1) -> None:
        log_dir = checked_path("log_dir", log_dir)
        every = checked_positive_integer("every", every)
        super().__init__()
        self.log_dir = log_dir
        self.every = every

    @property
    def run_folder(self) -> Path:
        """Where everything goes: to TensorBoard, one run."""
        return self.log_dir / "train"

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes."""
        return self.model.distribute_strategy.extended.should_save_summary

    @abstractmethod
    def write(self, step: int) -> None:
        """Write with `tf.summary` at `step`."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open the event file."""
        # All workers compute what the chief alone writes: reading a variable that is
        # reduced over workers would hang if only one of them did.
        if self.is_chief:
            self._writer = tf.summary.create_file_writer(str(self.run_folder))
        else:
            self._writer = tf.summary.create_noop_writer()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write, if this epoch is one of those to be written."""
        if epoch % self.every == 0:
            # `keras.callbacks.TensorBoard(update_freq=n)` leaves a condition behind
            # that would drop what is written between its own steps.
            with self._writer.as_default(), tf.summary.record_if(True):
                self.write(epoch)
            self._writer.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Close the event file."""
        self._writer.close()
