"""Runs that differ by their seed alone, one folder each in a folder of them all."""

import contextlib
import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from keras_latent.cli.arguments import Arguments
from keras_latent.cli.run_folder import RunFolder
from keras_latent.cli.stopping import stops_with
from keras_latent.cli.training import resume, train
from keras_latent.saving import remove_unfinished, write_text
from keras_latent.validation import check_in_range, check_positive_integer


class SeedsFolder:
    """The folder of runs of several seeds: `seeds.json`, `seed-0`, `seed-1`, ...

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "seeds.json"

    @property
    def is_there(self) -> bool:
        """Whether runs of several seeds were begun in it."""
        return self.file.is_file()

    def run(self, seed: int) -> RunFolder:
        """The folder of the run of a seed."""
        return RunFolder(self.path / f"seed-{seed}")

    def start(self, arguments: Arguments, count: int) -> None:
        """Begin the runs of as many seeds, from that of the arguments on.

        Args:
            arguments: What defines the runs. All hold out the same images.
            count: How many.

        Raises:
            ValueError: If an argument is wrong, or the folder isn't free.
        """
        check_positive_integer("seeds", count)
        check_in_range("seed", arguments.seed + count - 1, high=2**32 - 1)
        if arguments.strategy == "multiworker":
            raise ValueError(
                "`seeds` can't be given where several workers train one run: give each "
                f"seed by --seed. Received: seeds={count}"
            )
        if self.is_there:
            raise ValueError(
                "`output` must be free, but holds runs of several seeds: choose "
                "another folder, or continue them by `keras-latent resume "
                f"{self.path}`. Received: output={str(self.path)!r}"
            )
        RunFolder(self.path).check_free()
        # What can't be read is an error before anything is written.
        arguments.open()
        seeds = list(range(arguments.seed, arguments.seed + count))
        shared = dataclasses.replace(arguments, split_seed=arguments.seed)
        made = not self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        remove_unfinished(self.path)
        told = {"seeds": seeds, "arguments": shared.to_config()}
        write_text(self.file, json.dumps(told, indent=2) + "\n")
        try:
            self.go_on()
        except Exception:
            # What was wrong from the start leaves nothing, as with one run.
            if not any(self.path.glob("seed-*")):
                self.file.unlink()
                if made:
                    with contextlib.suppress(OSError):
                        self.path.rmdir()
            raise

    def go_on(self, epochs: int | None = None) -> None:
        """Begin the runs that weren't begun, and go on with those that aren't over.

        Args:
            epochs: How many passes over the data each makes in all. Defaults to `None`:
                as many as it was to make.

        Raises:
            ValueError: If `seeds.json` holds something else.
        """
        seeds, arguments = self._read()
        console = Console()
        for seed in seeds:
            folder = self.run(seed)
            console.print(f"Seed {seed}, in {folder.path}", highlight=False)
            if not folder.config_file.exists():
                given = dataclasses.replace(arguments, seed=seed)
                if epochs is not None:
                    given = dataclasses.replace(given, epochs=epochs, steps=None)
                train(given, folder)
            elif not _is_over(folder, epochs):
                resume(folder, epochs)
            # What the models of other seeds hold would stay in the memory.
            keras.backend.clear_session()

    def goes_on(self) -> contextlib.AbstractContextManager[None]:
        """Let runs that the user stops say how to go on with them.

        Raises:
            StoppedError: In place of `KeyboardInterrupt`.
        """
        told = "The seeds go on, each after its last whole epoch,"
        return stops_with(self.path, self.file, lambda: told)

    def _read(self) -> tuple[list[int], Arguments]:
        try:
            told: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
            return list(told["seeds"]), Arguments.from_config(told["arguments"])
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(
                "`run` must be a folder of runs of this version, whose seeds.json "
                f"holds seeds and arguments. Received: {str(self.file)!r}"
            ) from error


def _is_over(folder: RunFolder, epochs: int | None) -> bool:
    """Whether a run has made all its epochs, and left its numbers."""
    if not (folder.path / "metrics.json").is_file():
        return False
    wanted = epochs or folder.read_config()["arguments"].get("epochs")
    with open(folder.history_file, newline="", encoding="utf-8") as lines:
        made = sum(1 for _ in csv.DictReader(lines))
    return wanted is not None and made >= wanted
