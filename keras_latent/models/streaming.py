"""Passes over more observations than fit into the memory at once."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.graph import compiled
from keras_latent.training.arrays import check_is_dense, listed_as_arrays
from keras_latent.validation import checked_positive_integer

BATCH_SIZE = 256
"""Rows that are worked on at once where nobody says how many."""


def streamed(
    function: Callable[[Any], Any],
    x: Any,
    batch_size: int | None = None,
    check: Callable[[Any], None] = lambda x: None,
    as_observation: Callable[[Any], Any] = lambda batch: batch,
) -> Any:
    """A function of rows, over arrays batch by batch, or over a dataset.

    Args:
        function: From a batch of rows to a tensor, or a structure of tensors, of as
            many rows, whatever the other rows of the batch are.
        x: A tensor, an array or a dict of them; or a `tf.data` dataset or a
            `keras.utils.PyDataset` of batches.
        batch_size: Rows that are worked on at once. Defaults to `None`: 256, or those
            of a dataset's batches.
        check: Refuses arrays that aren't what the function takes. Symbolic tensors have
            no values to look at.
        as_observation: From an element of a dataset to what the function takes.

    Returns:
        Arrays of arrays and of datasets; tensors of tensors, differentiable.
    """
    if batch_size is not None:
        batch_size = checked_positive_integer("batch_size", batch_size)
    if is_dataset(x):
        return _over_batches(function, x, check, as_observation)
    x = listed_as_arrays("x", x)
    # Where Keras would flatten what is sparse.
    check_is_dense("x", x)
    leaves = keras.tree.flatten(x)
    if any(_is_symbolic(leaf) for leaf in leaves):
        return function(x)
    for leaf in leaves:
        _check_is_no_loader(leaf)
    are_tensors = all(isinstance(leaf, tf.Tensor | tf.Variable) for leaf in leaves)
    if not are_tensors:
        x = keras.tree.map_structure(np.asarray, x)
    check(x)
    count, size = int(keras.tree.flatten(x)[0].shape[0]), batch_size or BATCH_SIZE
    if count <= size:
        result = function(keras.tree.map_structure(ops.convert_to_tensor, x))
        if are_tensors:
            return result
        return keras.tree.map_structure(ops.convert_to_numpy, result)
    # Traced once for this call: networks may be another's tomorrow.
    function = compiled(function)
    parts = [function(_rows(x, start, size)) for start in range(0, count, size)]
    if are_tensors:
        return keras.tree.map_structure(lambda *each: tf.concat(each, 0), *parts)
    return _joined(map(_as_arrays, parts))


def is_dataset(x: Any) -> bool:
    """Whether these are batches, and not observations themselves."""
    return isinstance(x, tf.data.Dataset | keras.utils.PyDataset)


def _over_batches(
    function: Callable[[Any], Any],
    batches: Any,
    check: Callable[[Any], None],
    as_observation: Callable[[Any], Any],
) -> Any:
    function = compiled(function)

    def results() -> Iterator[Any]:
        indices = range(len(batches)) if hasattr(batches, "__getitem__") else None
        each = batches if indices is None else (batches[index] for index in indices)
        for batch in each:
            x = keras.tree.map_structure(_as_array, as_observation(batch))
            check(x)
            yield _as_arrays(function(x))

    parts = list(results())
    if not parts:
        raise ValueError("`x` must hold a batch. Received: a dataset without one")
    return _joined(parts)


def _as_array(leaf: Any) -> Any:
    # What is missing is told by what checks it.
    return None if leaf is None else np.asarray(leaf)


def _is_symbolic(leaf: Any) -> bool:
    if isinstance(leaf, keras.KerasTensor):
        return True
    return isinstance(leaf, tf.Tensor) and tf.is_symbolic_tensor(leaf)


def _check_is_no_loader(leaf: Any) -> None:
    """Refuse what gives batches, but can't be gone through as a dataset can.

    Raises:
        ValueError: If it is a generator, or a loader of PyTorch.
    """
    is_array = hasattr(leaf, "shape") or hasattr(leaf, "__array__")
    if hasattr(leaf, "__iter__") and not is_array and not isinstance(leaf, str | bytes):
        raise ValueError(
            "`x` must be an array, or a dataset of batches, a `tf.data.Dataset` or a "
            f"`keras.utils.PyDataset`. Received: x of type {type(leaf).__name__}"
        )


def _rows(x: Any, start: int, size: int) -> Any:
    return keras.tree.map_structure(lambda column: column[start : start + size], x)


def _as_arrays(result: Any) -> Any:
    return keras.tree.map_structure(ops.convert_to_numpy, result)


def _joined(parts: Any) -> Any:
    return keras.tree.map_structure(lambda *each: np.concatenate(each), *parts)
