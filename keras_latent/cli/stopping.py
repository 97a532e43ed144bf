"""What the command says when it is stopped by ctrl-C."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from keras_latent.cli.run_folder import RunFolder


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
