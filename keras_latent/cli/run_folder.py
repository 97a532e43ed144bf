"""The folder of a training run, from which a killed run continues."""

import contextlib
import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_latent.cli.file_lock import FileLock
from keras_latent.keras_internals import updates_made
from keras_latent.models import LatentModel
from keras_latent.saving import UNFINISHED, load_model, remove_unfinished, write_text

COUNTERS = ("epoch", "step")
"""Columns of the history that count; the others are logs of `fit`."""


class RunFolder:
    """What a run leaves behind: `config.json`, `history.csv`, `model.keras`.

    After each epoch the history is written first and the model second, each whole or
    not at all. The history says after how many steps an epoch ended, and the model's
    optimizer counts its steps: the row with that count is the last epoch that the model
    has seen, whenever the run was killed.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.json"
        self.history_file = path / "history.csv"
        self.model_file = path / "model.keras"
        self.lock_file = path / ".lock"
        self.tensorboard = path / "tensorboard"
        self.figures = path / "figures"

    def check_free(self) -> None:
        """Refuse a folder in which no new run can start.

        Raises:
            ValueError: If the folder holds anything already.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(
                "`output` must be a folder, but is a file. "
                f"Received: output={str(self.path)!r}"
            )
        if self.config_file.exists():
            raise ValueError(
                "`output` must be free, but holds another run: choose another folder, "
                f"or continue the run by `keras-latent resume {self.path}`. "
                f"Received: output={str(self.path)!r}"
            )
        if self.path.exists() and not all(map(self._is_leftover, self.path.iterdir())):
            raise ValueError(
                "`output` must be a new or empty folder. "
                f"Received: output={str(self.path)!r}, which holds files"
            )

    def _is_leftover(self, file: Path) -> bool:
        """Whether a run left the file that was killed before it began."""
        return file == self.lock_file or file.name.startswith(UNFINISHED)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out of the folder, and clear away what killed ones left.

        The operating system opens the lock again, however this process ends.

        Raises:
            ValueError: If another run is at work in the folder.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.lock_file)
        if not lock.take():
            raise ValueError(
                "`output` must be free, but another process trains in it: wait for "
                "its end. "
                f"Received: output={str(self.path)!r}"
            )
        try:
            remove_unfinished(self.path)
            remove_unfinished(self.figures)
            yield
        finally:
            lock.give_back()
            with contextlib.suppress(OSError):
                self.path.rmdir()

    def start(self, config: dict[str, Any]) -> None:
        """Make the folder for a new run.

        Raises:
            ValueError: If the folder holds anything already.
        """
        self.check_free()
        self.path.mkdir(parents=True, exist_ok=True)
        self.write_config(config)

    def resume(self, config: dict[str, Any], is_new: bool) -> None:
        """Take note of a run that goes on.

        Args:
            config: What `config.json` says of it from now on.
            is_new: Whether it starts over, since it was ended in its first epoch.
        """
        self.write_config(config)
        if is_new:
            # Or TensorBoard would show what was written then as well.
            shutil.rmtree(self.tensorboard, ignore_errors=True)

    def discard_start(self) -> None:
        """Remove what a new run left that failed before its first whole epoch."""
        if self.model_file.exists():
            return
        shutil.rmtree(self.tensorboard, ignore_errors=True)
        for file in (self.history_file, self.config_file):
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def write_config(self, config: dict[str, Any]) -> None:
        """Write `config.json`."""
        write_text(self.config_file, json.dumps(config, indent=2) + "\n")

    def read_config(self) -> dict[str, Any]:
        """What `config.json` says of the run.

        Raises:
            ValueError: If there is no run, or the file holds something else.
        """
        if not self.config_file.is_file():
            raise ValueError(
                "`run` must be the folder of a run. "
                f"Received: run={str(self.path)!r}, without {self.config_file.name}"
            )
        try:
            config = dict(json.loads(self.config_file.read_text(encoding="utf-8")))
            dict(config["arguments"])
        except (KeyError, TypeError, ValueError) as error:
            message = _described(self.config_file, "the run's arguments")
            raise ValueError(message) from error
        return config

    def check_same_run(self, arguments: dict[str, Any]) -> None:
        """Refuse to continue a run with other arguments, the epochs excepted.

        Raises:
            ValueError: If there is no run, or its arguments differ.
        """
        before = self.read_config()["arguments"]
        changed = [
            f"{name}={value!r} instead of {before.get(name)!r}"
            for name, value in arguments.items()
            if name != "epochs" and value != before.get(name)
        ]
        if changed:
            raise ValueError(
                "`run` must be continued with its own arguments. "
                f"Received: {', '.join(changed)}"
            )

    def load(self) -> tuple[keras.Model, list[dict[str, float]]] | None:
        """The model and its history as of the last whole epoch; `None` before one.

        Raises:
            ValueError: If `model.keras` is damaged or something else, or no row of the
                history is the model's.
        """
        if not self.model_file.exists():
            return None
        model = load_model(self.model_file)
        if not isinstance(model, LatentModel) or not model.compiled:
            what = "a compiled model of keras_latent"
            raise ValueError(_described(self.model_file, what))
        if not self.history_file.is_file():
            raise ValueError(
                "`run` must hold a model and its history. "
                f"Received: run={str(self.path)!r}, without {self.history_file.name}"
            )
        rows = self._read_history()
        steps = _steps_done(model)
        while rows and rows[-1].get("step") != steps:
            rows.pop()
        if not rows:
            raise ValueError(
                "`run` must hold a model and its history, but no epoch of "
                f"{self.history_file.name} ends at the model's step. "
                f"Received: step={steps}"
            )
        return model, rows

    def _read_history(self) -> list[dict[str, float]]:
        try:
            with open(self.history_file, newline="", encoding="utf-8") as file:
                return [
                    {
                        name: int(value) if name in COUNTERS else float(value)
                        for name, value in row.items()
                    }
                    for row in csv.DictReader(file, strict=True)
                ]
        except (TypeError, ValueError, csv.Error) as error:
            message = _described(self.history_file, "numbers in each of its columns")
            raise ValueError(message) from error

    def saved_model(self) -> bytes:
        """What `model.keras` holds; nothing before the first whole epoch."""
        return self.model_file.read_bytes() if self.model_file.exists() else b""

    def save(self, model: keras.Model, rows: list[dict[str, float]]) -> None:
        """Save the model as of the last row of its history."""
        text = io.StringIO()
        # Epochs of an older version may lack what is logged now.
        writer = csv.DictWriter(text, fieldnames=list(rows[-1]), restval="nan")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.history_file, text.getvalue())
        model.save(self.model_file)


def _steps_done(model: keras.Model) -> int:
    # `int` of the Variable itself fails under a distribution strategy.
    return int(keras.ops.convert_to_numpy(updates_made(model.optimizer)))


def _described(file: Path, expected: str) -> str:
    return (
        f"`run` must be the folder of a run whose {file.name} holds {expected}. "
        f"Received: {str(file)!r}, which doesn't"
    )


class SaveEachEpoch(keras.callbacks.Callback):
    """Saves the model and its history to a run's folder after each epoch.

    A model whose weights aren't finite is not saved, but a `ValueError`.

    Args:
        folder: The folder.
        rows: The history so far, one dict an epoch; new epochs are appended.
    """

    def __init__(self, folder: RunFolder, rows: list[dict[str, float]]) -> None:
        super().__init__()
        self.folder = folder
        self.rows = rows

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Append the epoch and save."""
        step = _steps_done(self.model)
        self._check_finite(step)
        self.rows.append({"epoch": epoch + 1, "step": step, **(logs or {})})
        self.folder.save(self.model, self.rows)

    def _check_finite(self, step: int) -> None:
        # A finite loss may have other gradients, and it is the next one that tells.
        broken = [
            variable.path
            for variable in self.model.weights
            if not np.all(np.isfinite(keras.ops.convert_to_numpy(variable)))
        ]
        if broken:
            raise ValueError(
                f"`model` must have finite weights to be saved, but after step {step} "
                "some are not: lower the learning rate. "
                f"Received: NaN or infinite values in {', '.join(broken)}"
            )
