"""Files that are written whole or not at all, and models that load safely."""

import contextlib
import os
import shutil
import tempfile
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from keras_latent.keras_internals import always_safely

UNFINISHED = ".unfinished-"
"""How the names of folders begin in which a file is being written."""

_MOST_EXPANSION = 100
_LONGEST_REASON = 500


@contextlib.contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Give a name to write to, which becomes `path` once everything is written.

    Whatever stands at `path` stays until then, and stays if the writing fails.

    Args:
        path: Where the file shall stand. Its folder must exist.

    Yields:
        A path in the same folder with the same ending.

    Raises:
        FileNotFoundError: If the folder doesn't exist.
        OSError: If the file can't be written, for one because the disk is full.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with written_whole(Path(folder) / "notes.txt") as unfinished:
    ...         _ = unfinished.write_text("done")
    ...     [path.name for path in Path(folder).iterdir()]
    ['notes.txt']
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"The folder of `path` must exist. Received: path={str(path)!r}"
        )
    try:
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            yield unfinished
            # Windows flushes only what is open for writing.
            with open(unfinished, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(unfinished, path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise OSError(
            "`path` must be where a file can be written; what stood there is kept. "
            f"Received: path={str(path)!r} ({reason})"
        ) from error


def remove_unfinished(folder: Path) -> None:
    """Remove what writers left in a folder that were killed.

    Args:
        folder: Where files were written. Nothing else may write there meanwhile.
    """
    for leftover in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file, whole or not at all.

    Args:
        path: Where the file shall stand. Its folder must exist.
        text: What it shall hold.
    """
    with written_whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def load_model(
    path: str | os.PathLike,
    compile: bool = True,
    custom_objects: dict[str, Any] | None = None,
) -> Any:
    """Load a saved model, in safe mode, with errors that say what is wrong.

    Args:
        path: A `.keras` file.
        compile: Whether to restore the optimizers, too. Defaults to `True`.
        custom_objects: Classes of one's own that aren't registered with Keras, by
            their names. Defaults to `None`.

    Returns:
        The model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not a whole `.keras` archive, or not of a model that
            Keras loads in safe mode: it is of another version, holds a class that isn't
            known, or brings code of its own.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`path` must be a saved model. Received: path={str(path)!r}, no such file"
        )
    if path.suffix != ".keras" or not _is_whole_archive(path):
        raise ValueError(
            "`path` must be a whole `.keras` file, but it is truncated, damaged or "
            f"something else. Received: path={str(path)!r} of "
            f"{path.stat().st_size} bytes"
        )
    try:
        # `keras.config.enable_unsafe_deserialization` would overrule the argument.
        with always_safely():
            return keras.saving.load_model(
                path, compile=compile, safe_mode=True, custom_objects=custom_objects
            )
    except Exception as error:  # Of any kind, and without the name of the file.
        raise ValueError(
            "`path` must be a model that Keras can load in safe mode. "
            f"Received: path={str(path)!r}, which it can't: {_reason(error)}"
        ) from error


def _is_whole_archive(path: Path) -> bool:
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                # Keras doesn't compress: what unpacks to far more is no model.
                size = sum(member.file_size for member in members)
                if size > _MOST_EXPANSION * path.stat().st_size:
                    return False
                names = {member.filename for member in members}
                is_model = {"config.json", "model.weights.h5"} <= names
                return is_model and archive.testzip() is None
        except Exception:  # Of any kind: each byte may be another than was written.
            return False


def _reason(error: Exception) -> str:
    """What Keras says at last, without the configs before and after it."""
    _, _, said = str(error).rpartition("Exception encountered: ")
    said, _, _ = said.partition("Full object config")
    return textwrap.shorten(said, _LONGEST_REASON) or type(error).__name__
