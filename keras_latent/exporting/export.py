"""Exporting: from a model to a file that was checked."""

import os
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_latent.exporting.exported import Exported
from keras_latent.exporting.formats import FORMATS, Format, output_of
from keras_latent.exporting.parts import (
    PARTS,
    check_is_exact,
    checked_on,
    given_to,
    in_float32,
    network_of,
    reconstruction,
)
from keras_latent.models import LatentModel
from keras_latent.models.latent_model import check_is_latent_model
from keras_latent.saving import (
    check_is_replaceable,
    folder_written_whole,
    written_whole,
)
from keras_latent.typing import Observation
from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_path,
    checked_switch,
)

LIMIT = 1e-5
"""What rounding may change of values up to 1."""
INT8_LIMIT = 0.1
"""What eight bits may change of an output's standard deviation."""
_LONGEST_REASON = 500


def export(
    model: LatentModel,
    path: str | os.PathLike,
    format: str = "onnx",
    part: str = "model",
    int8: bool = False,
    images: Any = None,
    limit: float | None = None,
) -> Exported:
    """Write a model for programs that don't know this library, and check what it gives.

    It is run there after writing, on images, and compared with the model; where they
    differ by more than the limit, nothing is written. A model that computes in 16 bits
    does so in float32 in ONNX and LiteRT, and is compared so. Batches may have any
    number of rows.

    The input is called `observation` (of a decoder `code`; of a conditional model `x`
    and `y`), the output `reconstruction`, `code` or `observation`. Those of a dict have
    the names of its columns, behind `reconstruction_` where they are outputs of the
    whole model.

    Args:
        model: A latent model.
        path: The file, which ends in `.onnx`, `.tflite` or `.keras`; the folder of a
            SavedModel. What stands there is replaced, once the new one is whole.
        format: `"onnx"`, `"litert"`, `"saved-model"` (for TensorFlow Serving) or
            `"keras"` (a model of Keras's own layers). Defaults to `"onnx"`.
        part: `"model"`, which reconstructs, `"encoder"` or `"decoder"`. Defaults to
            `"model"`.
        int8: Whether weights have eight bits: in ONNX and LiteRT those of dense and
            convolutional layers, in the others those of dense layers alone. Defaults to
            `False`.
        images: What it is checked on, as `encode` takes it, a `tf.data` dataset, too,
            of which the first 256 rows count; of a conditional model a dict of `x` and
            `y`. Defaults to `None`: random ones.
        limit: What `Exported.difference` may be. Defaults to `None`: 1e-5, or 0.1 with
            `int8`.

    Returns:
        What was written, and how far it is from the model; `print` shows it in words.

    Raises:
        ValueError: If an argument isn't as described, the format can't hold an
            operation of the model, or the difference is above the limit.
        ImportError: If a package is missing that the format needs.
        OSError: If it can't be written.

    >>> import tempfile
    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = export(model, Path(folder) / "encoder.keras", "keras", "encoder")
    >>> found.difference <= found.limit
    True
    """
    path = checked_path("path", path)
    check_is_latent_model(model)
    check_target(path, format, part)
    if checked_switch("int8", int8):
        check_is_exact(model)
    if limit is None:
        limit = INT8_LIMIT if int8 else LIMIT
    check_in_range("limit", limit)
    x = checked_on(model, images)
    own, given = FORMATS[format], given_to(model, part, x)
    network = network_of(model, part)
    told = expected = output_of(network, given)
    if not own.holds_half and (wider := in_float32(network)) is not network:
        network, expected = wider, output_of(wider, given)
    with _unfinished(path, own) as unfinished:
        own.write(network, part, unfinished, int8)
        output = _run(own, unfinished, given, format)
        difference = _difference(output, expected, int8)
        if not difference <= limit:
            raise ValueError(
                f"What is written must be the model, but its output differs by "
                f"{difference:.3g}, more than `limit`; nothing was kept. "
                f"Received: limit={limit:g}, format={format!r}, part={part!r}"
            )
        size = _size(unfinished)
    target = model.target(x)
    return Exported(
        path,
        size,
        difference,
        limit,
        _squared_error(reconstruction(model, part, x, output), target),
        _squared_error(reconstruction(model, part, x, told), target),
    )


def check_target(path: Path, format: str, part: str) -> None:
    """Refuse what can't be written, before a model is loaded.

    Args:
        path: Where it shall stand.
        format: The format.
        part: The part.

    Raises:
        ValueError: If an argument isn't what `export` takes.
        FileNotFoundError: If the folder around `path` doesn't exist.
        ImportError: If a package is missing.
    """
    check_choice("format", format, FORMATS)
    check_choice("part", part, PARTS)
    own = FORMATS[format]
    if own.ending and path.suffix != own.ending:
        raise ValueError(
            f"`path` must end in {own.ending!r} for format={format!r}. "
            f"Received: path={str(path)!r}"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"The folder of `path` must exist. Received: path={str(path)!r}"
        )
    if not own.ending:
        check_is_replaceable(path, own.holds)
    elif path.is_dir():
        raise ValueError(
            f"`path` must be a file, but is a folder. Received: path={str(path)!r}"
        )
    own.check_is_installed(format)


@contextmanager
def _unfinished(path: Path, own: Format) -> Iterator[Path]:
    if own.ending:
        with written_whole(path) as unfinished:
            yield unfinished
    else:
        with folder_written_whole(path, own.holds) as unfinished:
            yield unfinished


def _run(own: Format, path: Path, given: Observation, name: str) -> Observation:
    try:
        return own.run(path, given)
    except OSError:
        raise
    except Exception as error:  # Of any kind: each runtime has its own.
        reason = textwrap.shorten(str(error), _LONGEST_REASON)
        raise ValueError(
            "`format` must be one in which the model runs; nothing was kept. "
            f"Received: format={name!r}, whose runtime says: "
            f"{reason}"
        ) from error


def _difference(found: Observation, expected: Observation, int8: bool) -> float:
    """The greatest of all outputs; see `Exported`."""
    pairs = zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True)
    if int8:
        return max(
            float(np.sqrt(np.mean(np.square(a - b))) / max(np.std(b), 1e-6))
            for a, b in pairs
        )
    return max(float(np.abs(a - b).max() / max(1.0, np.abs(b).max())) for a, b in pairs)


def _squared_error(found: Observation, target: Observation) -> float:
    pairs = zip(keras.tree.flatten(found), keras.tree.flatten(target), strict=True)
    squares = [np.square(np.asarray(a) - np.asarray(b)).ravel() for a, b in pairs]
    return float(np.mean(np.concatenate(squares)))


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
