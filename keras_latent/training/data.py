"""What reaches a training: the data before it starts, the loss while it runs."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.training.replicas import is_distributed
from keras_latent.typing import Batch, Observation, Tensor


def rows(x: Observation) -> Tensor:
    """Number of rows of an observation, a tensor or a dict of them."""
    return ops.shape(keras.tree.flatten(x)[0])[0]


def unpacked(
    data: Any, observation: Callable[[Any, Any], Observation]
) -> tuple[Batch, Tensor]:
    """The batch in what `fit` hands to a step, as floats, and its number of rows.

    Args:
        data: `x`, or a tuple of `x`, labels and sample weights.
        observation: From `x` and the labels to what the model encodes.

    A replica that is left without a row gets one of zeros, beside the number 0: of no
    row, statistics are NaN and TensorFlow can't differentiate a convolution on a CPU.
    """
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    x = observation(x, y)
    # Whole numbers have no derivatives, which some objectives need.
    batch = Batch(keras.tree.map_structure(_as_floats, x), y, sample_weight)
    count = rows(batch.x)
    if not is_distributed():
        return batch, count
    missing = ops.maximum(1 - count, 0)

    def filled(column: Tensor | None) -> Tensor | None:
        if column is None:
            return None
        return tf.pad(column, [[0, missing], *[[0, 0]] * (len(column.shape) - 1)])

    return Batch(*keras.tree.map_structure(filled, tuple(batch))), count


def first_rows(columns: Any, count: Tensor) -> Any:
    """The rows that are there, without the one that stands in for none.

    Args:
        columns: A structure of tensors of shape (batch, ...), or `None` in their place.
        count: Number of rows that are there.

    Returns:
        The same structure, of shape (count, ...).
    """
    if not is_distributed():
        return columns
    return keras.tree.map_structure(
        lambda column: None if column is None else column[:count], columns
    )


def _as_floats(x: Tensor) -> Tensor:
    x = ops.convert_to_tensor(x)
    return x if keras.backend.is_float_dtype(x.dtype) else ops.cast(x, "float32")


def checked_arguments(model: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `fit` or `evaluate`, once the model accepted the data in them.

    Arrays are checked whole. Of a dataset or a generator the first batch is looked at,
    and a generator gives it again.

    Args:
        model: An `ObjectiveModel`.
        arguments: The arguments by name, `self` among them.

    Returns:
        The arguments for the method of `keras.Model`, without `self`.

    Raises:
        ValueError: If `model.check_observation` or `model.check_labels` refuses the
            data.
    """
    arguments = {name: value for name, value in arguments.items() if name != "self"}
    arguments |= arguments.pop("kwargs", {})
    if isinstance(arguments.get("x"), tuple) and arguments.get("y") is None:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(arguments["x"])
        arguments |= {"x": x, "y": y}
        if sample_weight is not None:
            arguments["sample_weight"] = sample_weight
    if not model.uses_labels:
        _keep_weights_without_labels(arguments)
    # In `fit` the validation data has been checked once when `evaluate` gets it again.
    if arguments.get("_use_cached_eval_dataset"):
        return arguments
    for name in ("x", "validation_data"):
        if arguments.get(name) is not None:
            first, arguments[name] = _first_batch(arguments[name])
            if first is not None:
                x, y, weight = keras.utils.unpack_x_y_sample_weight(first)
                if name == "x" and y is None:
                    y = arguments.get("y")
                observation = model.observation(x, y)
                model.check_observation(observation)
                model.check_labels(y, len(keras.tree.flatten(observation)[0]))
                if name == "x" and weight is None:
                    weight = arguments.get("sample_weight")
                _check_sample_weight(weight, observation)
    return arguments


def _check_sample_weight(weight: Any, observation: Observation) -> None:
    count = len(keras.tree.flatten(observation)[0])
    if weight is not None and np.shape(weight) not in ((count,), (count, 1)):
        raise ValueError(
            f"`sample_weight` must hold one number for each of the {count} rows. "
            f"Received: sample_weight of shape {tuple(np.shape(weight))}"
        )
    low, high = (0.0, 0.0) if weight is None else (np.min(weight), np.max(weight))
    # Comparisons with NaN are false.
    if not 0 <= low <= high < np.inf:
        raise ValueError(
            "`sample_weight` must hold finite numbers of at least 0. "
            f"Received: minimum={float(low):.9g}, maximum={float(high):.9g}"
        )


def _keep_weights_without_labels(arguments: dict[str, Any]) -> None:
    """Put the weights in the place of absent labels, without which Keras drops them."""
    if arguments.get("sample_weight") is not None and arguments.get("y") is None:
        arguments["y"] = arguments["sample_weight"]
    validation = arguments.get("validation_data")
    if isinstance(validation, tuple) and len(validation) == 3 and validation[1] is None:
        arguments["validation_data"] = (validation[0], validation[2], validation[2])


def _first_batch(data: Any) -> tuple[Any, Any]:
    if isinstance(data, tf.data.Dataset):
        return next(iter(data), None), data
    if isinstance(data, keras.utils.PyDataset):
        return data[0], data
    if isinstance(data, Iterator):
        first = next(data, None)
        batches = itertools.chain([] if first is None else [first], data)
        # Keras knows generators, but no other iterators.
        return first, (batch for batch in batches)
    if isinstance(data, tf.distribute.DistributedDataset):
        return None, data
    return data, data
