"""The data that a training is given, looked at before it starts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_latent.keras_internals import is_validation_of_fit
from keras_latent.training.arrays import (
    check_has_batches,
    check_has_rows,
    check_is_data,
    check_is_dense,
    check_is_real,
    check_is_unpacked,
    is_in_arrays,
    listed_as_arrays,
    unboxed,
)
from keras_latent.training.fit_arguments import check_fit_arguments
from keras_latent.training.weighting import (
    check_sample_weight,
    weigh_classes,
)


def checked_arguments(model: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `fit` or `evaluate`, once the model accepted the data in them.

    Arrays are checked whole; of a `tf.data` dataset, the shapes; anything else is
    handed on as it is. Nothing is taken out of what can be read but once.

    Args:
        model: An `ObjectiveModel`.
        arguments: The arguments by name, `self` among them.

    Returns:
        The arguments for the method of `keras.Model`, without `self`.

    Raises:
        ValueError: If the model refuses the data.
    """
    arguments = {name: value for name, value in arguments.items() if name != "self"}
    arguments |= arguments.pop("kwargs", {})
    if isinstance(arguments.get("x"), tuple) and arguments.get("y") is None:
        check_is_unpacked("x", arguments["x"])
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(arguments["x"])
        arguments |= {"x": x, "y": y}
        if sample_weight is not None:
            arguments["sample_weight"] = sample_weight
    model.check_one_condition(arguments.get("x"), arguments.get("y"))
    check_fit_arguments(arguments)
    arguments |= as_arrays(model, arguments)
    validation = arguments.get("validation_data")
    if isinstance(validation, list | tuple):
        check_is_unpacked("validation_data", validation)
        names = ("x", "y", "sample_weight")
        columns = keras.utils.unpack_x_y_sample_weight(validation)
        given = as_arrays(model, dict(zip(names, columns, strict=True)))
        arguments["validation_data"] = tuple(given.values())[: len(validation)]
    elif validation is not None:
        check_is_data("validation_data", validation)
        check_has_batches("validation_data", validation)
    if arguments.get("class_weight") is not None:
        weigh_classes(model, arguments)
    if not model.uses_labels or holds_condition(model, arguments.get("x")):
        _keep_weights_without_labels(arguments)
    # In `fit` the validation data has been checked once when `evaluate` gets it again.
    if is_validation_of_fit(arguments):
        return arguments
    data = arguments.get("x"), arguments.get("y"), arguments.get("sample_weight")
    if isinstance(data[0], tf.data.Dataset):
        _check_spec(model, data[0])
    else:
        _check_arrays(model, *data)
    check_rows(model, data[0], arguments.get("batch_size"))
    validation = arguments.get("validation_data")
    if isinstance(validation, tf.data.Dataset):
        _check_spec(model, validation)
    elif validation is not None:
        _check_arrays(model, *keras.utils.unpack_x_y_sample_weight(validation))
    if isinstance(arguments["x"], Iterator):
        # Keras knows generators, but no other iterators.
        batches = arguments["x"]
        arguments["x"] = (batch for batch in batches)
    if isinstance(arguments["x"], tf.data.Dataset | Iterator) and "epochs" in arguments:
        # These have an order of their own: Keras would warn that it can't shuffle.
        arguments.setdefault("shuffle", False)
    return arguments


@contextmanager
def loaders_of_tuples(x: Any) -> Iterator[None]:
    """Say what is wrong with a loader of PyTorch that gives bare tensors.

    Raises:
        ValueError: If Keras can't unpack its batches.
    """
    try:
        yield
    except TypeError as error:
        if "'TensorSpec' object is not iterable" not in str(error):
            raise
        argument = "validation_data" if is_in_arrays(x) else "x"
        raise ValueError(
            f"`{argument}` must be a loader of tuples: (x,), (x, y) or (x, y, "
            f"sample_weight). Received: {argument} whose batches are tensors"
        ) from error


def checked_batch(
    model: Any, x: Any, y: Any = None, sample_weight: Any = None
) -> tuple[Any, Any, Any]:
    """One batch for `train_on_batch` or `test_on_batch`: its three columns.

    The values of `x` are looked at in the step, which names itself.

    Args:
        model: An `ObjectiveModel`.
        x: Observations.
        y: Labels. Defaults to `None`.
        sample_weight: Weights of the rows. Defaults to `None`.

    Raises:
        ValueError: If the model refuses the data.
    """
    found = as_arrays(model, {"x": x, "y": y, "sample_weight": sample_weight})
    x, y, sample_weight = found["x"], found["y"], found["sample_weight"]
    observation = model.observation(x, y)
    if is_in_arrays(observation):
        _check_beside(model, observation, y, sample_weight, reads_labels=True)
    check_rows(model, x, sys.maxsize)
    return x, y, sample_weight


def check_predicted(model: Any, x: Any) -> None:
    """Refuse what `predict` is given, where it is arrays or a dataset of them.

    Args:
        model: An `ObjectiveModel`.
        x: Observations, with the condition where there is one.

    Raises:
        ValueError: If the model wasn't built for them.
    """
    is_dataset = isinstance(x, tf.data.Dataset)
    if is_dataset:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(x.element_spec)
    is_conditional = getattr(model, "condition", None) is not None
    is_known = is_dataset or isinstance(x, dict) or is_in_arrays(x)
    if is_conditional and is_known and not holds_condition(model, x):
        raise ValueError(
            "`x` must be a dict in `predict`, which takes no labels: the observations "
            "as 'x' and their condition as 'y'. "
            f"Received: x of type {type(x).__name__}"
        )
    if is_dataset:
        model.check_shapes(model.observation(x, None))
        return
    _check_arrays(model, x, None, None, reads_labels=False)


def as_arrays(model: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What holds the rows, in arrays where it is lists.

    Args:
        model: An `ObjectiveModel`.
        given: `x`, and `y` and `sample_weight` where there are some.

    Raises:
        ValueError: If it holds no rows, or not all of their numbers.
    """
    check_is_data("x", given.get("x"))
    check_has_batches("x", given["x"])
    example = model.example_observation()
    rank = None if isinstance(example, dict) else np.ndim(example)
    ranks = {"x": rank, "y": None, "sample_weight": None}
    found = {
        name: listed_as_arrays(name, given[name], ranks[name])
        for name in ranks
        if name in given
    }
    for name, column in found.items():
        check_is_dense(name, column)
        if name != "x" and column is not None:
            check_has_rows(name, column)
            found[name] = unboxed(name, column)
    return found


def _check_arrays(
    model: Any, x: Any, y: Any, sample_weight: Any, reads_labels: bool = True
) -> None:
    observation = model.observation(x, y)
    if not is_in_arrays(observation):
        return
    model.check_observation(observation)
    _check_beside(model, observation, y, sample_weight, reads_labels)


def _check_beside(
    model: Any, observation: Any, y: Any, sample_weight: Any, reads_labels: bool
) -> None:
    """Refuse labels and weights that aren't of the observation's rows."""
    count = len(keras.tree.flatten(observation)[0])
    if reads_labels and (y is None or is_in_arrays(y)):
        model.check_labels(y, count)
    if is_in_arrays(sample_weight):
        check_sample_weight(sample_weight, count)
    for column in keras.tree.flatten(y) if reads_labels and is_in_arrays(y) else ():
        if column.shape[:1] != (count,):
            raise ValueError(
                f"`y` must hold as many rows as `x`, {count}. "
                f"Received: y of shape {tuple(column.shape)}"
            )


def check_rows(model: Any, x: Any, batch_size: int | None) -> None:
    """Let a model refuse batches of too many rows, where their number is known."""
    rows = _rows_at_once(x, batch_size)
    if rows is not None:
        model.check_rows(rows)


def _rows_at_once(x: Any, batch_size: int | None) -> int | None:
    """How many rows the batches hold; `None` where that isn't known before them."""
    if isinstance(x, tf.data.Dataset):
        x, _, _ = keras.utils.unpack_x_y_sample_weight(x.element_spec)
        shapes = [spec.shape for spec in keras.tree.flatten(x)]
        return shapes[0][0] if shapes[0].rank else None
    if not is_in_arrays(x):
        return None
    # What Keras takes where nothing is said.
    return min(len(keras.tree.flatten(x)[0]), batch_size or 32)


def _check_spec(model: Any, dataset: tf.data.Dataset) -> None:
    """Refuse a dataset whose elements have other shapes; its values come later."""
    x, y, _ = keras.utils.unpack_x_y_sample_weight(dataset.element_spec)
    columns = [column for column in keras.tree.flatten(y) if hasattr(column, "dtype")]
    if not columns:
        y = None  # That of a dataset which holds None is an object, too.
    if model.uses_labels:
        for column in columns:
            check_is_real("y", column)
    model.check_shapes(model.observation(x, y))
    if y is None:
        model.check_labels(y, None)


def holds_condition(model: Any, x: Any) -> bool:
    """Whether the condition comes within x, so that y is absent."""
    is_dict = isinstance(x, dict) and {"x", "y"} <= x.keys()
    return is_dict and getattr(model, "condition", None) is not None


def _keep_weights_without_labels(arguments: dict[str, Any]) -> None:
    """Put the weights in the place of absent labels, without which Keras drops them."""
    if arguments.get("sample_weight") is not None and arguments.get("y") is None:
        arguments["y"] = arguments["sample_weight"]
    validation = arguments.get("validation_data")
    if isinstance(validation, tuple) and len(validation) == 3 and validation[1] is None:
        arguments["validation_data"] = (validation[0], validation[2], validation[2])
