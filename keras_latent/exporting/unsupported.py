"""What a format can't hold, named by operation and layer."""

import re
import textwrap

import keras

from keras_latent.exporting.parts import layers_in

_LONGEST_REASON = 500
_MOST = 4
_PACKAGE = "keras_latent"


def unsupported(format: str, operations: list[tuple[str, str]]) -> str:
    """The message about operations that a format can't hold.

    Args:
        format: The format's name.
        operations: The kind of each, and where it is.

    >>> print(unsupported("onnx", [("Erfinv", "decoder/activation/Erfinv")]))
    `format` must be one that holds every operation of the model. Received:
    format='onnx', which has no Erfinv (of decoder/activation/Erfinv)
    """
    named = ", ".join(f"{kind} (of {place})" for kind, place in operations[:_MOST])
    if len(operations) > _MOST:
        named += f" and {len(operations) - _MOST} others"
    return (
        "`format` must be one that holds every operation of the model. "
        f"Received: format={format!r}, which has no {named}"
    )


def litert_reason(error: Exception) -> str:
    """What TensorFlow's converter says at last, without its places in graphs.

    Args:
        error: What it has raised.
    """
    text = str(error)
    found = re.findall(
        r"fused\[\"(\w+):\", \"([^\"@]+)[^\"]*\"\].*?is neither a custom op", text
    )
    operations = dict.fromkeys((kind, place) for kind, place in found)
    if operations:
        return unsupported("litert", list(operations))
    reason = textwrap.shorten(text, _LONGEST_REASON)
    return (
        "`format` must be one that holds every operation of the model. "
        f"Received: format='litert', whose converter says: {reason}"
    )


def check_is_of_keras(network: keras.Model) -> None:
    """Refuse a network with layers of this library, which `.keras` files need it for.

    Args:
        network: A functional model.

    Raises:
        ValueError: If there is one; the message names it.
    """
    for layer in layers_in(network):
        if type(layer).__module__.split(".")[0] == _PACKAGE:
            raise ValueError(unsupported("keras", [(type(layer).__name__, layer.name)]))
