"""How a gradient passes through a code that was looked up."""

from collections.abc import Callable

from keras import ops

from keras_latent.typing import Tensor

_SHORTEST = 1e-6
"""Lengths below this count as this one: a direction must be there to be rotated."""


def straight_through(e: Tensor, code: Tensor) -> Tensor:
    """The code, bit for bit, with the gradient of e.

    Args:
        e: What was quantized, (..., channels).
        code: The code of each position, of the same shape.

    Source: van den Oord, Vinyals and Kavukcuoglu 2017, section 3.2.

    >>> straight_through(ops.array([[0.4]]), ops.array([[1.0]])).numpy().tolist()
    [[1.0]]
    """
    return ops.stop_gradient(code) + (e - ops.stop_gradient(e))


def rotated(e: Tensor, code: Tensor) -> Tensor:
    """The code, bit for bit, as a rotated and stretched e.

    With ê and ĉ of length 1 and r = (ê + ĉ) / ‖ê + ĉ‖, the gradient is that of

        ‖c‖/‖e‖ · [e − 2·r rᵀe + 2·ĉ êᵀe],

    everything but e held fixed, so that the angle between the gradient and the code
    becomes that between it and e.

    Args:
        e: What was quantized, (..., channels).
        code: The code of each position, of the same shape.

    Source: Fifty et al. 2024, "Restructuring vector quantization with the rotation
    trick", equation 4.
    """
    fixed, code = ops.stop_gradient(e), ops.stop_gradient(code)
    e_length, code_length = _length(fixed), _length(code)
    e_unit, code_unit = fixed / e_length, code / code_length
    r = e_unit + code_unit
    r = r / _length(r)
    moved = e - 2.0 * r * _dot(r, e) + 2.0 * code_unit * _dot(e_unit, e)
    moved = code_length / e_length * moved
    return code + (moved - ops.stop_gradient(moved))


GRADIENTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "straight_through": straight_through,
    "rotation": rotated,
}
"""The estimators by the names that quantizers take."""


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return ops.sum(a * b, axis=-1, keepdims=True)


def _length(a: Tensor) -> Tensor:
    return ops.maximum(ops.sqrt(_dot(a, a)), _SHORTEST)
