"""How codes are taken: as tensors of rows."""

import math
from typing import Any

import keras
from keras import ops

from keras_latent.tensors import as_tensor, known_shape, shapes_fit
from keras_latent.typing import Tensor

_ROWS = "(batch, latent_dim)"


def floats_of(**values: Any) -> list[Tensor]:
    """Tensors of one floating point type; of integers, those in float32.

    Args:
        **values: Arrays of one shape, or single numbers.

    Raises:
        ValueError: If one is no array of numbers, or has another shape than those that
            aren't single numbers.
    """
    tensors = {name: as_tensor(name, value) for name, value in values.items()}
    first_name, first = "", None
    for name, tensor in tensors.items():
        shape = known_shape(tensor)
        if shape == ():
            continue
        if first is None:
            first_name, first = name, shape
        _check_alike(name, shape, first_name, first)
    dtypes = {keras.backend.standardize_dtype(t.dtype) for t in tensors.values()}
    floats = list(filter(keras.backend.is_float_dtype, dtypes))
    dtype = keras.backend.result_type(*(floats or ["float32"]))
    return [_cast(tensor, dtype) for tensor in tensors.values()]


def rows_of(coupled: bool = False, **values: Any) -> list[Tensor]:
    """Arrays of one shape in float32, of maps with all numbers of a row beside it.

    Args:
        coupled: Whether rows are compared with each other, which takes at least one,
            and their number. Defaults to `False`.
        **values: Arrays of shape (batch, ...).

    Raises:
        ValueError: If one is no array of rows, has another shape than the first, or
            holds nothing.
    """
    tensors = {n: as_tensor(n, value, _ROWS, 2) for n, value in values.items()}
    first_name = next(iter(tensors))
    for name, tensor in tensors.items():
        shape = known_shape(tensor)
        if shape is None:
            raise ValueError(
                f"`{name}` must have a known number of axes. "
                f"Received: {name} of unknown shape"
            )
        _check_alike(name, shape, first_name, known_shape(tensors[first_name]))
        if 0 in (shape if coupled else shape[1:]):
            raise ValueError(
                f"`{name}` must not be empty. Received: {name} of shape {shape}"
            )
        if coupled and shape[0] is None and keras.backend.is_keras_tensor(tensor):
            raise ValueError(
                f"`{name}` must have a known number of rows in a functional model. "
                f"Received: {name} of shape {shape}"
            )
    return [_flat(_cast(tensor, "float32")) for tensor in tensors.values()]


def _check_alike(name: str, shape: Any, first_name: str, first: Any) -> None:
    if not shapes_fit(shape, first):
        raise ValueError(
            f"`{name}` must have the shape of `{first_name}`, {first}. "
            f"Received: {name} of shape {shape}"
        )


def _cast(tensor: Tensor, dtype: str) -> Tensor:
    is_so = keras.backend.standardize_dtype(tensor.dtype) == dtype
    return tensor if is_so else ops.cast(tensor, dtype)


def _flat(tensor: Tensor) -> Tensor:
    if len(tensor.shape) == 2:
        return tensor
    if None not in tensor.shape[1:]:
        return ops.reshape(tensor, (-1, math.prod(tensor.shape[1:])))
    rows, *sizes = ops.shape(tensor)
    return ops.reshape(tensor, (rows, math.prod(sizes)))
