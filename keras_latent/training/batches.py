"""The batch that reaches a step: as floats, of known sizes, with at least one row."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_latent.training.arrays import check_is_real
from keras_latent.training.replicas import is_distributed
from keras_latent.training.weighting import check_weight_of_batch
from keras_latent.typing import Batch, Observation, Tensor


def rows(x: Observation) -> Tensor:
    """Number of rows of an observation, a tensor or a dict of them."""
    return ops.shape(keras.tree.flatten(x)[0])[0]


def unpacked(model: Any, data: Any) -> tuple[Batch, Tensor]:
    """The batch in what `fit` hands to a step, as floats, and its number of rows.

    Args:
        model: An `ObjectiveModel`, which knows what it encodes of the data.
        data: `x`, or a tuple of `x`, labels and sample weights.

    A replica that is left without a row gets one of zeros, beside the number 0: of no
    row, statistics are NaN and TensorFlow can't differentiate a convolution on a CPU.

    Raises:
        ValueError: If shapes differ from those that the model was built for.
    """
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    x = model.observation(x, y)
    count = rows(x)
    if is_distributed():
        x, y, sample_weight = with_a_row((x, y, sample_weight), count)
    model.check_shapes(x)
    if y is None:
        model.check_labels(y, None)
    if sample_weight is not None:
        check_weight_of_batch(sample_weight, tf.get_static_value(count))
    x = _of_known_sizes(x, model.example_observation)
    # Whole numbers have no derivatives, which some objectives need.
    return Batch(keras.tree.map_structure(_as_floats, x), y, sample_weight), count


def _of_known_sizes(x: Any, make_example: Callable[[], Any]) -> Any:
    """The observation, looked at in each step where a graph was traced for any size."""

    def of_unknown_size(column: Tensor) -> bool:
        return column.shape.rank is None or None in column.shape[1:]

    def looked_at(column: Tensor, example: Any) -> Tensor:
        if not of_unknown_size(column):
            return column
        sizes = tuple(example.shape[1:])
        message = (
            f"`x` must have the shape (batch, {', '.join(map(str, sizes))}). "
            "Received: x of shape"
        )
        found = tf.shape(column)
        with tf.control_dependencies(
            [tf.debugging.Assert(tf.reduce_all(found[1:] == sizes), [message, found])]
        ):
            # XLA leaves assertions out.
            return tf.ensure_shape(column, (None, *sizes))

    columns = [ops.convert_to_tensor(column) for column in keras.tree.flatten(x)]
    if not any(map(of_unknown_size, columns)):
        return x
    examples = keras.tree.flatten(make_example())
    columns = [looked_at(*pair) for pair in zip(columns, examples, strict=True)]
    return keras.tree.pack_sequence_as(x, columns)


def with_a_row(columns: Any, count: Tensor) -> Any:
    """The columns, with a row of zeros where there is none.

    Args:
        columns: A structure of tensors of shape (batch, ...), or `None` in their place.
        count: Number of rows that are there.
    """
    missing = ops.maximum(1 - count, 0)

    def filled(column: Tensor | None) -> Tensor | None:
        if column is None:
            return None
        return tf.pad(column, [[0, missing], *[[0, 0]] * (len(column.shape) - 1)])

    return keras.tree.map_structure(filled, columns)


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
    check_is_real("x", x)
    return x if keras.backend.is_float_dtype(x.dtype) else ops.cast(x, "float32")
