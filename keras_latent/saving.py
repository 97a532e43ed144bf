"""Files that are written whole or not at all, and models that load safely."""

import contextlib
import os
import shutil
import tempfile
import textwrap
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import h5py
import keras

from keras_latent.keras_internals import always_safely
from keras_latent.validation import checked_path, what_stands_at

UNFINISHED = ".unfinished-"
"""How the names of folders begin in which a file is being written."""

_MOST_EXPANSION = 100
_LONGEST_REASON = 500
_WEIGHTS = "model.weights.h5"


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
    path = checked_path("path", path)
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
        raise OSError(_not_written(path, error)) from error


@contextlib.contextmanager
def folder_written_whole(
    path: str | os.PathLike, holds: Iterable[str]
) -> Iterator[Path]:
    """Give a folder to write to, which becomes `path` once everything is written.

    A folder of the same kind that stands at `path` stays until then, and stays if the
    writing fails.

    Args:
        path: Where the folder shall stand. The folder around it must exist.
        holds: The names of what such a folder may hold. One that holds something else
            is somebody's, and isn't replaced.

    Yields:
        An empty folder beside `path`.

    Raises:
        FileNotFoundError: If the folder around it doesn't exist.
        ValueError: If `path` is a file, or a folder that holds something else.
        OSError: If something can't be written, for one because the disk is full.
    """
    # The name of ".", too.
    path = checked_path("path", path).absolute()
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"The folder of `path` must exist. Received: path={str(path)!r}"
        )
    check_is_replaceable(path, holds)
    try:
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=path.parent) as around:
            unfinished = Path(around) / path.name
            unfinished.mkdir()
            yield unfinished
            for file in unfinished.rglob("*"):
                if file.is_file():
                    # Windows flushes only what is open for writing.
                    with open(file, "rb+") as opened:
                        os.fsync(opened.fileno())
            before = Path(around) / "before"
            if path.is_dir():
                os.replace(path, before)
            try:
                os.replace(unfinished, path)
            except OSError:
                if before.is_dir():
                    os.replace(before, path)
                raise
    except OSError as error:
        raise OSError(_not_written(path, error)) from error


def check_is_replaceable(path: Path, holds: Iterable[str]) -> None:
    """Refuse a place where something stands that a folder written there would replace.

    Args:
        path: Where the folder shall stand.
        holds: The names of what such a folder may hold.

    Raises:
        ValueError: If it is a file, or a folder that holds something else.
    """
    if path.is_dir():
        others = sorted({entry.name for entry in path.iterdir()} - set(holds))
        if others:
            raise ValueError(
                "`path` must be a new folder, or one that was written here before. "
                f"Received: path={str(path)!r}, which holds {others[0]!r}"
            )
    elif path.exists():
        raise ValueError(
            f"`path` must be a folder. Received: path={str(path)!r}, which is a file"
        )


def _not_written(path: Path, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno else error
    return (
        "`path` must be where a file can be written; what stood there is kept. "
        f"Received: path={str(path)!r} ({reason})"
    )


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
        FileNotFoundError: If there is no such file, or a folder stands there.
        ValueError: If the file is not a whole `.keras` archive, or not of a model that
            Keras loads in safe mode: it is of another version, holds a class that isn't
            known, or brings code of its own.
    """
    path = checked_path("path", path)
    inside = path / "model.keras"
    if inside.is_file():
        raise FileNotFoundError(
            f"`path` must be a saved model, such as {str(inside)!r} in the folder. "
            f"Received: path={str(path)!r}, a folder"
        )
    if (path / _WEIGHTS).is_file() and (path / "config.json").is_file():
        raise FileNotFoundError(
            "`path` must be a saved model, a `.keras` file; "
            "`keras_latent.from_preset` loads a preset. "
            f"Received: path={str(path)!r}, the folder of one"
        )
    if not path.is_file():
        raise FileNotFoundError(
            "`path` must be a saved model, a `.keras` file. "
            f"Received: path={str(path)!r}, {what_stands_at(path)}"
        )
    if path.name.endswith(".weights.h5"):
        raise ValueError(
            "`path` must be a saved model, a `.keras` file; the `load_weights` of a "
            f"model reads weights alone. Received: path={str(path)!r}"
        )
    if path.suffix != ".keras" or not _is_whole_archive(path):
        raise ValueError(
            "`path` must be a whole `.keras` file, but it is truncated, damaged or "
            f"something else. Received: path={str(path)!r} of "
            f"{path.stat().st_size} bytes"
        )
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_WEIGHTS) as weights:
            check_weights_are_inside(weights)
        # `keras.config.enable_unsafe_deserialization` would overrule the argument.
        with always_safely():
            return keras.saving.load_model(
                path, compile=compile, safe_mode=True, custom_objects=custom_objects
            )
    except Exception as error:  # Of any kind, and without the name of the file.
        raise ValueError(
            "`path` must be a model that Keras can load in safe mode. "
            f"Received: path={str(path)!r}, which it can't: {reason_of(error)}"
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
                is_model = {"config.json", _WEIGHTS} <= names
                return is_model and archive.testzip() is None
        except Exception:  # Of any kind: each byte may be another than was written.
            return False


def places_elsewhere(weights: str | os.PathLike | IO[bytes]) -> list[str]:
    """Find what a file of weights doesn't hold itself, but has read from elsewhere.

    Some versions of Keras follow links out of the file, so that one of somebody else
    could have any file of the machine read.

    Args:
        weights: An HDF5 file, or what reads one.

    Returns:
        The names of links, and of datasets whose values lie in another file.
    """
    found = []

    def look_into(group: h5py.Group) -> None:
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                found.append(f"{group.name}/{name}")
                continue
            # A second hard link to what was seen may lead round in a circle.
            member = group[name]
            if member.id in seen:
                continue
            seen.add(member.id)
            if isinstance(member, h5py.Group):
                look_into(member)
            elif isinstance(member, h5py.Dataset) and (
                member.external or member.is_virtual
            ):
                found.append(member.name)

    seen: set[Any] = set()
    with h5py.File(weights, "r") as file:
        look_into(file)
    return found


def check_weights_are_inside(weights: str | os.PathLike | IO[bytes]) -> None:
    """Refuse a file of weights that has some of them read from elsewhere.

    Raises:
        ValueError: If it does; the message names them.
    """
    if elsewhere := places_elsewhere(weights):
        raise ValueError(f"it links to other places: {', '.join(elsewhere)}")


def reason_of(error: Exception) -> str:
    """What Keras says at last, without the configs before and after it."""
    _, _, said = str(error).rpartition("Exception encountered: ")
    said, _, _ = said.partition("Full object config")
    return textwrap.shorten(said, _LONGEST_REASON) or type(error).__name__
