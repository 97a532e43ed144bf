"""Arrays, and what people give in their place."""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_latent.kinds import received

_SPARSE = (
    tf.SparseTensor,
    tf.SparseTensorSpec,
    tf.RaggedTensor,
    tf.RaggedTensorSpec,
    tf.IndexedSlices,
)


_SOURCES = ("shape", "__iter__", "__getitem__")
"""What arrays, and whatever gives batches, have one of."""


def is_in_arrays(data: Any) -> bool:
    """Whether data is arrays through and through: NumPy's, TensorFlow's, dicts of them.

    Anything else may be a container whose elements come one by one.
    """
    if isinstance(data, dict):
        return bool(data) and all(map(is_in_arrays, data.values()))
    return isinstance(data, np.ndarray | tf.Tensor | tf.Variable)


def listed_as_arrays(argument: str, data: Any, rank: int | None = None) -> Any:
    """Data, in arrays where they are lists of numbers or of arrays.

    Args:
        argument: The argument's name, for the message.
        data: What was given: lists, tuples, dicts of them, or anything else, which is
            handed back.
        rank: Number of axes that are expected. A list of one array of so many is that
            array, as Keras takes the inputs of a model. Defaults to `None`: unknown.

    Raises:
        ValueError: If what is listed has several shapes.
    """
    if isinstance(data, dict):
        return {name: listed_as_arrays(name, each) for name, each in data.items()}
    if not isinstance(data, list | tuple):
        return data
    if len(data) == 1 and np.ndim(data[0]) == rank and is_in_arrays(data[0]):
        return data[0]
    try:
        return np.asarray(data)
    except ValueError as error:
        raise ValueError(
            f"`{argument}` must be one array, or a list of rows of one shape. "
            f"Received: {argument}, a list of {len(data)} of several shapes"
        ) from error


def unboxed(argument: str, column: Any) -> Any:
    """Numbers that an array holds as objects, as a column of a table may, as numbers.

    Args:
        argument: The argument's name, for the message.
        column: What was given; anything else is handed back.

    Raises:
        ValueError: If the objects are rows of several shapes.
    """
    kind = getattr(getattr(column, "dtype", None), "kind", None)
    if kind != "O" or not hasattr(column, "tolist") or np.ma.is_masked(column):
        return column
    return listed_as_arrays(argument, column.tolist())


def check_is_dense(argument: str, data: Any) -> None:
    """Refuse tensors that leave zeros out, rows of several lengths, and hidden values.

    Columns of dicts are looked at one by one.

    Raises:
        ValueError: If it is one.
    """
    if isinstance(data, dict):
        for column in data.values():
            check_is_dense(argument, column)
        return
    if np.ma.is_masked(data):
        raise ValueError(
            f"`{argument}` must have no mask, which nothing would heed: fill it first. "
            f"Received: {argument} with {np.ma.count_masked(data)} masked values"
        )
    # Those of SciPy, whether or not it is there.
    if isinstance(data, _SPARSE) or hasattr(data, "tocoo"):
        raise ValueError(
            f"`{argument}` must be dense, an array in which each number is there. "
            f"Received: {argument} of type {type(data).__name__}"
        )


def check_is_data(argument: str, data: Any) -> None:
    """Refuse single numbers, words, nothing and other things, which hold no rows.

    Raises:
        ValueError: If it is one.
    """
    is_array = hasattr(data, "shape") and np.ndim(data) > 0
    is_source = any(hasattr(data, name) for name in _SOURCES)
    if not is_source or (
        isinstance(data, numbers.Number | np.generic | str | bytes) and not is_array
    ):
        raise ValueError(
            f"`{argument}` must be an array of rows, a dataset or another source of "
            f"batches. Received: {argument}={data!r}"
        )


def check_has_batches(argument: str, data: Any) -> None:
    """Refuse a dataset that is known to have no batch, and would train nothing.

    Raises:
        ValueError: If it is one.
    """
    count = None
    if isinstance(data, tf.data.Dataset):
        count = int(data.cardinality())
    elif isinstance(data, keras.utils.PyDataset):
        count = data.num_batches
    if count == 0:
        raise ValueError(
            f"`{argument}` must hold a batch. Received: a dataset without one"
        )


def check_has_rows(argument: str, column: Any) -> None:
    """Refuse what goes beside the observations, but has no rows itself.

    Raises:
        ValueError: If it is no array, nor holds some.
    """
    if isinstance(column, dict | list | tuple):
        return
    if not hasattr(column, "shape") or tuple(column.shape) == ():
        raise ValueError(
            f"`{argument}` must be an array with an entry for each row. "
            f"Received: {received(argument, column)}"
        )


def check_is_unpacked(argument: str, given: Sequence[Any]) -> None:
    """Refuse a tuple of nothing, and one of more than Keras has names for.

    Raises:
        ValueError: If it is one.
    """
    if not 1 <= len(given) <= 3:
        raise ValueError(
            f"`{argument}` must be x, (x, y) or (x, y, sample_weight). "
            f"Received: {argument} with {len(given)} parts"
        )


def is_real(dtype: tf.DType) -> bool:
    """Whether numbers of a dtype lose nothing but digits as floats.

    >>> is_real(tf.int32), is_real(tf.complex64)
    (True, False)
    """
    return bool(dtype.is_floating or dtype.is_integer or dtype.is_bool)


def check_is_real(argument: str, column: Any) -> None:
    """Refuse what would lose a part as floats, or can't be some.

    Raises:
        ValueError: If it is such a column.
    """
    dtype = tf.as_dtype(column.dtype)
    if not is_real(dtype):
        raise ValueError(
            f"`{argument}` must hold real numbers. "
            f"Received: {argument} of dtype {dtype.name}"
        )
