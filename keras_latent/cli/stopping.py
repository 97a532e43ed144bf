"""What the command says when it is stopped, by ctrl-C or by what ends a job."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Self

import keras

from keras_latent.cli.run_folder import RunFolder

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedError(Exception):
    """A run was stopped by the user; the message says how to go on with it.

    No `KeyboardInterrupt`, of which what parses the command line says nothing.
    """


def goes_on_by(folder: RunFolder) -> contextlib.AbstractContextManager[None]:
    """Let a run that the user stops say how to go on with it.

    Args:
        folder: That of the run.

    Raises:
        StoppedError: In place of `KeyboardInterrupt`.
    """

    def told() -> str:
        if folder.model_file.exists():
            return "It goes on after the last whole epoch"
        return "It starts over"

    return stops_with(folder.path, folder.config_file, told)


@contextlib.contextmanager
def stops_with(path: Path, begun: Path, told: Callable[[], str]) -> Iterator[None]:
    """Let what the user stops say how `resume` goes on with it.

    Args:
        path: What `resume` takes.
        begun: The file that is there once there is something to go on with.
        told: What `resume` then does.

    Raises:
        StoppedError: In place of `KeyboardInterrupt`.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        if not begun.exists():
            raise StoppedError("Stopped, before there was anything to keep.") from error
        named = str(path.absolute())
        quoted = f'"{named}"' if " " in named else named
        raise StoppedError(
            f"Stopped. {told()} by: keras-latent resume {quoted}"
        ) from error


class Interruption(keras.callbacks.Callback):
    """Lets a signal stop a training where what it interrupts goes on all the same.

    Keras's saving takes whatever is raised while it opens a file for want of memory or
    of a disk, and writes in another way. What was heard is raised again before the next
    step, or when the training is over. A context manager around `fit`.
    """

    def __enter__(self) -> Self:
        """Listen, unless somebody else does, or a thread that hears no signals runs."""
        self._heard = False
        is_main = threading.current_thread() is threading.main_thread()
        self._heeded = [
            number
            for number in SIGNALS
            if is_main and signal.getsignal(number) is signal.default_int_handler
        ]
        for number in self._heeded:
            signal.signal(number, self._hear)
        return self

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._heard = True
        signal.default_int_handler(number, frame)

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Stop now, if it was heard before."""
        self._stop_if_heard()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Listen no more."""
        for number in self._heeded:
            signal.signal(number, signal.default_int_handler)
        if kind is None:
            self._stop_if_heard()

    def _stop_if_heard(self) -> None:
        if self._heard:
            self._heard = False
            raise KeyboardInterrupt
