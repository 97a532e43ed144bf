"""The formats that are written: by what, and what runs them afterwards."""

import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np

from keras_latent.exporting.parts import named_outputs
from keras_latent.exporting.upsampling import with_known_sizes
from keras_latent.keras_internals import sublayers
from keras_latent.optional import imported
from keras_latent.typing import Observation


class Format(ABC):
    """One format.

    Attributes:
        ending: How its files end; empty of one that is a folder.
        holds: The names of what its folder may hold.
        packages: What it needs besides this library, by what `import` calls it.
        holds_half: Whether it has what computes in 16 bits.
    """

    ending: ClassVar[str] = ""
    holds: ClassVar[tuple[str, ...]] = ()
    packages: ClassVar[tuple[str, ...]] = ()
    holds_half: ClassVar[bool] = True

    @abstractmethod
    def write(self, network: keras.Model, part: str, path: Path, int8: bool) -> None:
        """Write a network.

        Args:
            network: A functional model, whose weights stay as they are.
            part: One of `parts.PARTS`.
            path: Where.
            int8: Whether weights shall have eight bits.

        Raises:
            ValueError: If the format can't hold the network.
        """

    @abstractmethod
    def run(self, path: Path, given: Observation) -> Observation:
        """Run what was written, without what it was written from.

        Args:
            path: Where it is.
            given: An array, or a dict of them, as the network takes it.

        Returns:
            An array, or a dict of them, as the network gives it.
        """

    def check_is_installed(self, name: str) -> None:
        """Refuse a format whose packages aren't installed.

        Args:
            name: The format's name, for the message.

        Raises:
            ImportError: If one is missing.
        """
        for package in self.packages:
            imported(package, f"`format` {name!r}", "export")


class OnnxFormat(Format):
    """ONNX, written by Keras through tf2onnx, run by ONNX Runtime."""

    ending = ".onnx"
    packages = ("onnx", "onnxruntime", "tf2onnx")
    holds_half = False

    def write(self, network: keras.Model, part: str, path: Path, int8: bool) -> None:
        """Write it; see `Format.write`."""
        from keras_latent.exporting.onnx_graph import checked, quiet, without_unknown

        served = named_outputs(network, part)
        with without_unknown("onnx"):
            served.export(
                path, format="onnx", verbose=False, input_signature=[served.input]
            )
        checked(path, [own.name for own in keras.tree.flatten(served.input)])
        if int8:
            quantization = imported("onnxruntime.quantization", "`int8`", "export")
            with quiet():
                quantization.quantize_dynamic(
                    path, path, weight_type=quantization.QuantType.QUInt8
                )

    def run(self, path: Path, given: Observation) -> Observation:
        """Run it; see `Format.run`."""
        runtime = imported("onnxruntime", "`format` 'onnx'", "export")
        session = runtime.InferenceSession(
            path.read_bytes(), providers=["CPUExecutionProvider"]
        )
        names = [own.name for own in session.get_inputs()]
        outputs = [own.name for own in session.get_outputs()]
        values = session.run(outputs, _by_name(given, names))
        return _single(dict(zip(outputs, values, strict=True)))


class LiteRtFormat(Format):
    """LiteRT, written by TensorFlow's converter."""

    ending = ".tflite"
    packages = ("ai_edge_litert",)
    holds_half = False

    def write(self, network: keras.Model, part: str, path: Path, int8: bool) -> None:
        """Write it, of LiteRT's own operations alone; see `Format.write`."""
        import tensorflow as tf

        from keras_latent.exporting.unsupported import litert_reason

        served = named_outputs(with_known_sizes(network), part)
        try:
            # As Keras does it from 3.13 on, by way of a SavedModel.
            with tempfile.TemporaryDirectory(dir=path.parent) as folder:
                served.export(folder, format="tf_saved_model", verbose=False)
                converter = tf.lite.TFLiteConverter.from_saved_model(
                    folder, signature_keys=["serving_default"]
                )
                converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
                if int8:
                    converter.optimizations = [tf.lite.Optimize.DEFAULT]
                path.write_bytes(converter.convert())
        except tf.errors.OpError as error:
            raise OSError(error.message) from error
        except OSError:
            raise
        except Exception as error:  # Of any kind: that of the converter is private.
            raise ValueError(litert_reason(error)) from error

    def run(self, path: Path, given: Observation) -> Observation:
        """Run it; see `Format.run`."""
        litert = imported("ai_edge_litert.interpreter", "`format` 'litert'", "export")
        # Of its bytes, so that nobody holds the file open while it is moved.
        interpreter = litert.Interpreter(model_content=path.read_bytes())
        signature = interpreter.get_signature_runner()
        return _single(
            signature(**_by_name(given, list(signature.get_input_details())))
        )


class SavedModelFormat(Format):
    """A SavedModel of TensorFlow, for TensorFlow Serving and others."""

    holds = ("saved_model.pb", "fingerprint.pb", "variables", "assets")

    def write(self, network: keras.Model, part: str, path: Path, int8: bool) -> None:
        """Write it; see `Format.write`."""
        import tensorflow as tf

        served = named_outputs(_quantized(network) if int8 else network, part)
        try:
            served.export(path, format="tf_saved_model", verbose=False)
        except tf.errors.OpError as error:
            raise OSError(error.message) from error

    def run(self, path: Path, given: Observation) -> Observation:
        """Run it; see `Format.run`."""
        import tensorflow as tf

        signature = tf.saved_model.load(str(path)).signatures["serving_default"]
        names = list(signature.structured_input_signature[1])
        feeds = {
            name: tf.constant(value) for name, value in _by_name(given, names).items()
        }
        outputs = signature(**feeds)
        return _single({name: value.numpy() for name, value in outputs.items()})


class KerasFormat(Format):
    """A `.keras` file of Keras's own layers, which loads without this library."""

    ending = ".keras"

    def write(self, network: keras.Model, part: str, path: Path, int8: bool) -> None:
        """Write it; see `Format.write`."""
        from keras_latent.exporting.unsupported import check_is_of_keras

        check_is_of_keras(network)
        (_quantized(network) if int8 else network).save(path)

    def run(self, path: Path, given: Observation) -> Observation:
        """Run it; see `Format.run`."""
        from keras_latent.saving import load_model

        return output_of(load_model(path, compile=False), given)


FORMATS: dict[str, Format] = {
    "onnx": OnnxFormat(),
    "litert": LiteRtFormat(),
    "saved-model": SavedModelFormat(),
    "keras": KerasFormat(),
}
"""Each format by its name."""


def output_of(network: keras.Model, given: Observation) -> Observation:
    """What a network gives, as arrays."""
    given = keras.tree.map_structure(keras.ops.convert_to_tensor, given)
    output = network(given, training=False)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, output)


def _quantized(network: keras.Model) -> keras.Model:
    """A copy whose dense layers have weights of eight bits."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    for layer in sublayers(copy):
        # Not by `copy.quantize`: tables of codes would change, and attention of eight
        # bits is written so that nothing can read it.
        if isinstance(layer, keras.layers.Dense):
            layer.quantize("int8")
    return copy


def _by_name(given: Observation, names: list[str]) -> dict[str, np.ndarray]:
    """What a network is given, by the names of its inputs."""
    if not isinstance(given, dict):
        (name,) = names
        return {name: given}
    return {name: given[name] for name in names}


def _single(outputs: dict[str, Any]) -> Observation:
    """The one output of a network, or the dict of several."""
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs
