"""Files of arrays, whole or not at all, without pickles."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from keras_latent.saving import written_whole
from keras_latent.validation import checked_path, what_stands_at


def write_arrays(
    path: str | os.PathLike, header: dict[str, Any], arrays: dict[str, np.ndarray]
) -> None:
    """Write arrays and what they are, whole or not at all.

    Args:
        path: Where the file shall stand.
        header: What JSON can hold.
        arrays: Arrays of numbers by name.
    """
    text = np.frombuffer(json.dumps(header).encode(), "uint8")
    # A file and no name, to which NumPy would add an ending.
    with written_whole(path) as unfinished, open(unfinished, "wb") as file:
        np.savez(file, allow_pickle=False, header=text, **arrays)


def read_arrays(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what `write_arrays` has written.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is truncated, damaged or something else.
    """
    path = checked_path("path", path)
    if not path.is_file():
        raise FileNotFoundError(
            "`path` must be a saved sampler, a file. "
            f"Received: path={str(path)!r}, {what_stands_at(path)}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop("header").tobytes())
        if not isinstance(header, dict):
            raise ValueError("its header is no dict")
    except (OSError, EOFError, KeyError, ValueError, AttributeError) as error:
        raise _damaged(path) from error
    except zipfile.BadZipFile as error:
        raise _damaged(path) from error
    return header, arrays


def _damaged(path: Path) -> ValueError:
    return ValueError(
        "`path` must be a whole file of a sampler, but it is truncated, damaged or "
        f"something else. Received: path={str(path)!r} of {path.stat().st_size} bytes"
    )
