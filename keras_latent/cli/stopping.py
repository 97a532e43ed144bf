"""What the command says when it is stopped by ctrl-C."""

import contextlib
from collections.abc import Iterator

from keras_latent.cli.run_folder import RunFolder


class StoppedError(Exception):
    """A run was stopped by the user; the message says how to go on with it.

    No `KeyboardInterrupt`, of which what parses the command line says nothing.
    """


@contextlib.contextmanager
def goes_on_by(folder: RunFolder) -> Iterator[None]:
    """Let a run that the user stops say how to go on with it.

    Args:
        folder: That of the run.

    Raises:
        StoppedError: In place of `KeyboardInterrupt`.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        if not folder.config_file.exists():
            raise StoppedError("Stopped, before there was anything to keep.") from error
        path = str(folder.path.absolute())
        quoted = f'"{path}"' if " " in path else path
        kept = "It starts over"
        if folder.model_file.exists():
            kept = "It goes on after the last whole epoch"
        raise StoppedError(
            f"Stopped. {kept} by: keras-latent resume {quoted}"
        ) from error
