"""TensorFlow's greetings, kept from the terminal."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LOGS = "TF_CPP_MIN_LOG_LEVEL"
"""TensorFlow's own switch: 0 shows everything, 3 leaves out what is no crash."""

_DEVICES = Path("/dev")
_STANDARD_ERROR = 2


def loading_quietly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command begin by loading TensorFlow, without what that prints.

    It complains of missing GPUs before it listens to its own switch, and of
    instructions that a processor lacks. What fails is raised in Python as well. Where
    the user has set the switch, or there is a GPU whose drivers may be at fault,
    everything is shown.
    """

    @functools.wraps(command)
    def loaded(*args: Any, **kwargs: Any) -> Any:
        if LOGS not in os.environ and not any(_DEVICES.glob("nvidia*")):
            os.environ[LOGS] = "3"
            with _standard_error_closed():
                import keras_latent.cli  # noqa: F401
        return command(*args, **kwargs)

    return loaded


@contextlib.contextmanager
def _standard_error_closed() -> Iterator[None]:
    """Keep from the terminal what libraries write to it, past Python."""
    try:
        kept = os.dup(_STANDARD_ERROR)
    except OSError:  # Where there is none.
        yield
        return
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), _STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
