"""ONNX Runtime Web, which runs in a page what its own code doesn't know.

Source: the npm package onnxruntime-web by Microsoft (MIT). The archive is put by hand,
as those of datasets are.
"""

import gzip
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from keras_latent.datasets.archives import file_of, folder_named, read_archive
from keras_latent.validation import MissingFileError

ARCHIVE_VARIABLE = "KERAS_LATENT_ONNXRUNTIME_WEB"
"""The environment variable that names the folder of the archive."""

COMMAND = "npm pack onnxruntime-web@1"
"""What brings the archive."""

OLDEST = (1, 24)
"""The first version that asks for nothing, and warns of nothing, in a file."""

LICENCE = """\
Copyright (c) Microsoft Corporation. All rights reserved.

MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this \
software and associated documentation files (the "Software"), to deal in the Software \
without restriction, including without limitation the rights to use, copy, modify, \
merge, publish, distribute, sublicense, and/or sell copies of the Software, and to \
permit persons to whom the Software is furnished to do so, subject to the following \
conditions:

The above copyright notice and this permission notice shall be included in all copies \
or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, \
INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A \
PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT \
HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF \
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE \
OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
"""What must stand wherever the runtime does."""

_SCRIPT = "ort.wasm.bundle.min.mjs"
_BINARY = "ort-wasm-simd-threaded.wasm"
_LARGEST = 2**26
_BEGINS_WASM = b"\0asm"
_EXPORTED = re.compile(r"\bexport\s*\{([^{}]*)\};?\s*(?://# sourceMappingURL=\S*\s*)?$")
_NEEDED = ("InferenceSession", "Tensor", "env")


class OnnxRuntime(NamedTuple):
    """What a page holds of the runtime.

    Args:
        version: Of the package.
        script: An ES module without imports and exports, which leaves what a page needs
            in `globalThis.onnxRuntimeWeb`.
        binary: The WebAssembly, compressed by gzip, which makes a quarter of it.
    """

    version: str
    script: str
    binary: bytes


def archives_folder() -> Path:
    """Where the archive is looked for: where the variable says, or those of datasets.

    The place is that of tensorflow-datasets, which would take seconds to load.
    """
    data_dir = os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return folder_named(ARCHIVE_VARIABLE, data_dir)


def find_archive(what: str) -> Path:
    """Find the newest archive of the package.

    Args:
        what: What needs it, for the message.

    Raises:
        FileNotFoundError: If there is none; the message says the command that brings
            it.
    """
    folder = archives_folder()
    found = [
        path
        for path in folder.glob("onnxruntime-web-1.*.tgz")
        if _version(path.name) >= OLDEST
    ]
    if not found:
        major, minor = OLDEST
        raise MissingFileError(
            f"{what} needs the archive onnxruntime-web-1.*.tgz, from {major}.{minor} "
            f"on, in the folder {str(folder)!r}, which doesn't hold it: `{COMMAND}` "
            "brings it. Name its folder in the environment variable "
            f"{ARCHIVE_VARIABLE}; or let `keras-latent explore` without `--static` "
            "show the model, which needs no archive."
        )
    return max(found, key=lambda path: _version(path.name))


def read_runtime(path: Path) -> OnnxRuntime:
    """Read the smallest build, for the processor alone, from the archive.

    Args:
        path: Of the archive.

    Raises:
        ValueError: If the archive can't be read, or lacks what a page needs.
    """
    files = read_archive(path, _is_wanted, _LARGEST)
    package = file_of(files, path, "package.json")
    script = file_of(files, path, _SCRIPT)
    binary = file_of(files, path, _BINARY)
    try:
        version = str(json.loads(package)["version"])
        text = _leaving_its_names(script.decode())
        if not binary.startswith(_BEGINS_WASM):
            raise ValueError(f"{_BINARY} is no WebAssembly")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"The archive {str(path)!r} must hold onnxruntime-web as this version of "
            f"keras_latent knows it: `{COMMAND}` brings one. Received: another "
            f"({type(error).__name__}: {error})"
        ) from error
    # Without the time, the same archive makes the same page.
    return OnnxRuntime(version, text, gzip.compress(binary, mtime=0))


def _is_wanted(folders: Sequence[str], name: str) -> bool:
    if list(folders) == ["package"]:
        return name == "package.json"
    return list(folders) == ["package", "dist"] and name in (_SCRIPT, _BINARY)


def _leaving_its_names(script: str) -> str:
    """The module with its exports in a global variable: a page can't import it."""
    found = _EXPORTED.search(script)
    if found is None:
        raise ValueError(f"{_SCRIPT} doesn't end in its exports")
    pairs = [pair.split(" as ") for pair in found[1].split(",")]
    names = {pair[-1].strip(): pair[0].strip() for pair in pairs}
    for name in _NEEDED:
        if name not in names:
            raise ValueError(f"{_SCRIPT} exports no {name}")
    if re.search(r"</script|<!--", script, re.IGNORECASE):
        raise ValueError(f"{_SCRIPT} can't stand in a page")
    left = ",".join(f"{name}:{names[name]}" for name in _NEEDED)
    return f"{script[: found.start()]}globalThis.onnxRuntimeWeb={{{left}}};\n"


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", name))
