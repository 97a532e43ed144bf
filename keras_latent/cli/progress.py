"""The progress of a training on the terminal."""

import datetime
import time
from typing import Any, Self

import keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)


class ProgressBar(keras.callbacks.Callback):
    """One bar for the whole run, and the terms of the loss by their names.

    A context manager around `fit`, lest an error leave the terminal without a cursor.

    Where the output is no terminal, one line is printed for each epoch.

    Args:
        console: Where to print.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self._task: Any = None

    def __enter__(self) -> Self:
        """Show the bar."""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[terms]}"),
            console=self.console,
            disable=not self.console.is_terminal,
            transient=True,
        )
        self._progress.start()
        return self

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Say which epoch it is; the time that is left is that of all epochs."""
        epochs, steps = self.params["epochs"], self.params["steps"]
        self._epoch = f"epoch {epoch + 1}/{epochs}"
        self._done = epoch * steps
        self._begun = time.monotonic()
        if self._task is None:
            self._task = self._progress.add_task(
                self._epoch, total=epochs * steps, completed=self._done, terms=""
            )
        self._progress.update(self._task, description=self._epoch)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Move the bar."""
        if not self._progress.disable:
            completed = self._done + batch + 1
            self._progress.update(
                self._task, completed=completed, terms=_described(logs)
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Print the epoch's line."""
        line = f"{self._epoch}  {_described(logs)}"
        left = self.params["epochs"] - epoch - 1
        if left and not self.console.is_terminal:
            # Of what this epoch took; the bar of a terminal says it itself.
            seconds = round(left * (time.monotonic() - self._begun))
            line += f"  {datetime.timedelta(seconds=seconds)} left"
        self.console.print(line, highlight=False, soft_wrap=True)

    def __exit__(self, *error: object) -> None:
        """Take the bar away, however the training ended."""
        self._progress.stop()


def _described(logs: dict[str, Any] | None) -> str:
    logs = logs or {}
    names = sorted(logs, key=lambda name: (name.startswith("val_"), name != "loss"))
    return "  ".join(f"{name} {float(logs[name]):.4g}" for name in names)
