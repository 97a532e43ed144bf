"""Files that are written whole or not at all, and models that load safely."""

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras


@contextlib.contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Give a name to write to, which becomes `path` once everything is written.

    Whatever stands at `path` stays until then, and stays if the writing fails.

    Args:
        path: Where the file shall stand. Its folder must exist.

    Yields:
        A path in the same folder with the same ending.

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
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        with open(unfinished, "rb") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)


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
        ValueError: If the file is not a whole `.keras` archive.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`path` must be a saved model. Received: path={str(path)!r}, no such file"
        )
    if not _is_whole_archive(path):
        raise ValueError(
            "`path` must be a whole `.keras` file, but it is truncated, damaged or "
            f"something else. Received: path={str(path)!r} of "
            f"{path.stat().st_size} bytes"
        )
    return keras.saving.load_model(
        path, compile=compile, safe_mode=True, custom_objects=custom_objects
    )


def _is_whole_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            is_model = {"config.json", "model.weights.h5"} <= set(archive.namelist())
            return is_model and archive.testzip() is None
    except zipfile.BadZipFile:
        return False
