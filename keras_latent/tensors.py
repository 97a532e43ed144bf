"""Arguments that are tensors of numbers: what can be told of them without values."""

from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.training.arrays import is_real
from keras_latent.typing import Tensor

_TENSORS = (tf.Tensor, tf.Variable, keras.Variable, keras.KerasTensor)


def as_tensor(
    argument: str, value: Any, shape: str = "(batch, ...)", least_rank: int = 0
) -> Tensor:
    """Take an argument as a tensor of real numbers, in the type that they have.

    Only the type and the static shape are looked at, so that tensors of graphs are
    taken, and nobody waits for values.

    Args:
        argument: The argument's name, for the message.
        value: Array-like or tensor, symbolic or not.
        shape: What its shape should be, for the message. Defaults to `"(batch, ...)"`.
        least_rank: How many axes it must have at least, where that is known. Defaults
            to 0.

    Returns:
        The tensor; a symbolic tensor of Keras as it is.

    Raises:
        ValueError: If it holds no real numbers, or has too few axes.

    >>> as_tensor("z", None)
    Traceback (most recent call last):
    ...
    ValueError: `z` must be an array of numbers of shape (batch, ...). Received: z=None
    """
    if not is_tensor(value):
        value = _array_of(argument, value, shape)
    dtype = tf.as_dtype(value.dtype)
    if not is_real(dtype):
        _refuse(argument, shape, f"{argument} of dtype {dtype.name}")
    sizes = known_shape(value)
    if sizes is not None and len(sizes) < least_rank:
        raise ValueError(
            f"`{argument}` must have the shape {shape}. "
            f"Received: {argument} of shape {sizes}"
        )
    is_ready = isinstance(value, tf.Tensor | keras.KerasTensor)
    return value if is_ready else ops.convert_to_tensor(value)


def float32_of(
    argument: str, value: Any, shape: str = "(batch, *code_shape)", least_rank: int = 2
) -> Tensor:
    """Take an argument as a float32 tensor, as `as_tensor` does."""
    return to_float32(as_tensor(argument, value, shape, least_rank))


def to_float32(x: Tensor) -> Tensor:
    """Cast to float32; a symbolic tensor that is float32 already stays as it is."""
    if keras.backend.is_keras_tensor(x) and x.dtype == "float32":
        return x
    return ops.cast(x, "float32")


def is_tensor(value: Any) -> bool:
    """Whether this is a dense tensor or a variable, of TensorFlow or of Keras.

    >>> is_tensor(keras.Variable(1.0)), is_tensor(1.0)
    (True, False)
    """
    return isinstance(value, _TENSORS)


def known_shape(tensor: Tensor) -> tuple[int | None, ...] | None:
    """The static shape, `None` for an unknown size; `None` if even the rank is unknown.

    >>> known_shape(keras.KerasTensor((None, 3)))
    (None, 3)
    """
    shape = tensor.shape
    is_unknown = isinstance(shape, tf.TensorShape) and shape.rank is None
    return None if is_unknown else tuple(shape)


def shapes_fit(one: Any, other: Any) -> bool:
    """Whether two shapes are the same, as far as they are known.

    >>> shapes_fit((None, 3), (5, 3)), shapes_fit((5, 1), (5, 3))
    (True, False)
    """
    if one is None or other is None:
        return True
    return len(one) == len(other) and all(
        a is None or b is None or a == b for a, b in zip(one, other, strict=True)
    )


def _array_of(argument: str, value: Any, shape: str) -> Any:
    """An array of what is no tensor yet, or a tensor of a list of tensors."""
    if value is None or isinstance(value, str | bytes):
        _refuse(argument, shape, f"{argument}={value!r}")
    is_list = isinstance(value, list | tuple)
    try:
        if is_list and any(map(is_tensor, value)):
            return ops.convert_to_tensor(value)
        array = np.asarray(value)
    # What an object raises that is asked for an array is of any kind.
    except Exception as error:
        _refuse(argument, shape, f"{argument} of type {type(value).__name__}", error)
    if not np.can_cast(array.dtype, "float64"):
        is_object = array.dtype.kind == "O"
        kind = f"type {type(value).__name__}" if is_object else f"dtype {array.dtype}"
        _refuse(argument, shape, f"{argument} of {kind}")
    # Numbers of Python are float32, as Keras has them.
    is_python = is_list or isinstance(value, float)
    return array.astype("float32") if is_python and array.dtype.kind == "f" else array


def _refuse(
    argument: str, shape: str, received: str, cause: Exception | None = None
) -> NoReturn:
    raise ValueError(
        f"`{argument}` must be an array of numbers of shape {shape}. "
        f"Received: {received}"
    ) from cause
