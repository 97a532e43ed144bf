"""How codes are taken: as tensors of rows."""

import math
from typing import Any

import keras
from keras import ops

from keras_latent.typing import Tensor


def floats(value: Any) -> Tensor:
    """A tensor of floating point numbers; of integers, those in float32."""
    tensor = ops.convert_to_tensor(value)
    is_float = keras.backend.is_float_dtype(
        keras.backend.standardize_dtype(tensor.dtype)
    )
    return tensor if is_float else ops.cast(tensor, "float32")


def rows_of(**values: Any) -> list[Tensor]:
    """Arrays of one shape in float32, of maps with all numbers of a row beside it.

    Raises:
        ValueError: If one is no array of rows, or has another shape than the first.
    """
    tensors = {}
    for name, value in values.items():
        if value is None:
            raise ValueError(
                f"`{name}` must be an array of shape (batch, latent_dim). "
                f"Received: {name}=None"
            )
        tensors[name] = ops.convert_to_tensor(value, "float32")
    first_name, first = next(iter(tensors.items()))
    for name, tensor in tensors.items():
        pairs = zip(tensor.shape, first.shape, strict=False)
        differ = any(None not in pair and pair[0] != pair[1] for pair in pairs)
        if len(tensor.shape) < 2 or len(tensor.shape) != len(first.shape) or differ:
            raise ValueError(
                f"`{name}` must have the shape (batch, latent_dim) of `{first_name}`, "
                f"{tuple(first.shape)}. Received: {name} of shape {tuple(tensor.shape)}"
            )
    size = math.prod(first.shape[1:])
    return [ops.reshape(tensor, (-1, size)) for tensor in tensors.values()]
