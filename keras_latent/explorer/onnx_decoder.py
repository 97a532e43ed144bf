"""A decoder in ONNX, for a page whose own code doesn't know its layers."""

import tempfile
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from keras_latent.explorer.onnx_runtime import LICENCE, find_archive, read_runtime
from keras_latent.exporting import export
from keras_latent.exporting.formats import FORMATS
from keras_latent.exporting.parts import named_outputs, network_of
from keras_latent.images import image_entries
from keras_latent.models import LatentModel
from keras_latent.optional import imported

LIMIT = 1e-4
"""What the runtime may change of a pixel, of which a page shows 256 levels."""

_PART = "decoder"
_LONGEST_REASON = 500


class OnnxDecoder:
    """The decoder as an ONNX file, and what runs it in a page.

    What is missing is refused before the decoder is written, which takes seconds.

    Args:
        model: A latent model.
        unknown: What the page's own code doesn't know of the decoder, for messages.

    Attributes:
        arrays: `onnx`, the file, and `runtime`, the WebAssembly of the runtime
            compressed by gzip, both uint8.
        runtime: The script of the runtime.

    Raises:
        FileNotFoundError: If the archive of the runtime is missing.
        ImportError: If a package is missing that writes ONNX.
        ValueError: If the archive isn't as it must be, or the decoder can't be written;
            the message names the layer.
    """

    def __init__(self, model: LatentModel, unknown: str) -> None:
        what = f"A page of a decoder with {unknown}"
        for package in FORMATS["onnx"].packages:
            imported(package, what, "export")
        runtime = read_runtime(find_archive(what))
        self.runtime: str | None = runtime.script
        self._version = runtime.version
        try:
            content = _written(model)
            self._output = _picture_of(model)
        except OSError:
            raise
        except Exception as error:  # Of any kind: each layer may have its own.
            raise ValueError(
                "`model` must have a decoder of layers that a page knows, or that ONNX "
                "holds; `keras-latent explore` without `--static` shows any model. "
                f"Received: {unknown}, and ONNX{_reason_of(error)}"
            ) from error
        self.arrays = {
            "onnx": np.frombuffer(content, "uint8"),
            "runtime": np.frombuffer(runtime.binary, "uint8"),
        }

    def to_config(self) -> dict[str, Any]:
        """What JSON holds of it: its output, whose runtime it is, on what terms."""
        return {
            "output": self._output,
            "runtime": {
                "name": f"ONNX Runtime Web {self._version}",
                "licence": LICENCE,
            },
        }


def _written(model: LatentModel) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "decoder.onnx"
        export(model, path, part=_PART, limit=LIMIT)
        return path.read_bytes()


def _picture_of(model: LatentModel) -> str:
    """The name of the output that is the picture."""
    outputs = named_outputs(network_of(model, _PART), _PART).output
    if len(outputs) == 1:
        return next(iter(outputs))
    example = model.target(model.example_observation())
    column = next(iter(image_entries(example)))
    return column if column in outputs else f"observation_{column}"


def _reason_of(error: Exception) -> str:
    """What is wrong with ONNX, as the end of a sentence."""
    _, _, reason = str(error).partition("Received: format='onnx'")
    return reason or f": {textwrap.shorten(str(error), _LONGEST_REASON)}"
