"""From what an objective returns to the mean of each term over the batch."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf
from keras import ops

from keras_latent.training import replicas
from keras_latent.training.arrays import is_real
from keras_latent.training.batches import rows
from keras_latent.typing import Batch, Counts, Share, Tensor


def as_terms(values: Any) -> dict[str, Any]:
    """What an objective returns, a dict.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(values, dict):
        raise ValueError(
            "`objective` must return a dict from the declared names to their values. "
            f"Received: {values!r}"
        )
    return values


def check_values(
    values: dict[str, Any], terms: Iterable[str], declared: Iterable[str], batch: Batch
) -> None:
    """Refuse what an objective returns where it isn't what the model has declared.

    It costs a compiled step nothing: names and shapes are known when it is traced.

    Args:
        values: What the objective returned.
        terms: The declared terms.
        declared: The names of all that the step logs; of those that aren't terms, the
            step makes some itself.
        batch: What the objective was given.

    Raises:
        ValueError: If a name is missing or unknown, or a value is neither a scalar nor
            one number an example.
    """
    declared = list(declared)
    made_by_step = {"regularization"}
    missing = [
        name
        for name in declared
        if name not in values
        and name not in made_by_step
        and (name in terms or not name.endswith("_loss"))
    ]
    unknown = [name for name in values if name not in declared]
    if missing or unknown:
        raise ValueError(
            f"`objective` must return the declared names {declared}. "
            f"Received: missing={missing}, unknown={unknown}"
        )
    count = tf.get_static_value(rows(batch.x))
    for name, value in values.items():
        if isinstance(value, replicas.Coupled | Counts):
            continue
        columns = [value.value, value.weight] if isinstance(value, Share) else [value]
        for column in columns:
            check_shape(name, column, count, is_row_wise=isinstance(value, Share))


def check_shape(
    name: str, value: Any, count: int | None, is_row_wise: bool = False
) -> None:
    """Refuse a value that is neither a scalar nor one number for each of `count` rows.

    Args:
        name: The term's name, for the message.
        value: A tensor or a number.
        count: Number of rows, `None` where the trace doesn't know it.
        is_row_wise: Whether a scalar won't do. Defaults to `False`.
    """
    try:
        tensor = ops.convert_to_tensor(value)
        holds_numbers = is_real(tensor.dtype)
    except (TypeError, ValueError):
        holds_numbers = False
    if not holds_numbers:
        raise ValueError(
            f"`objective` must return {name!r} as real numbers. "
            f"Received: {name}={value!r}"
        )
    shape = tuple(tensor.shape)
    counts = {count}
    if count == 1 and replicas.is_distributed():
        # Of a row that stands in for none, terms of the whole batch give nothing.
        counts.add(0)
    is_fitting = (not shape and not is_row_wise) or (
        len(shape) == 1 and (None in (shape[0], count) or shape[0] in counts)
    )
    if not is_fitting:
        expected = "(batch,)" if is_row_wise else "(batch,) or ()"
        raise ValueError(
            f"`objective` must return {name!r} of shape {expected}, with a batch of "
            f"{count or 'unknown'} rows. Received: {name} of shape {shape}"
        )


def batch_means(
    values: dict[str, Any], batch: Batch, share: replicas.Share
) -> dict[str, Any]:
    """The mean of each value over the rows of this replica.

    Args:
        values: What the objective returned, checked.
        batch: What the objective was given.
        share: The rows that this replica holds.

    Returns:
        Scalars in float32; a `Share` and `Counts` stay as they are.
    """
    count = rows(batch.x)
    means: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Share | Counts):
            means[name] = value
            continue
        if isinstance(value, replicas.Coupled):
            value = value.on_whole_batch(share)
            check_shape(name, value, tf.get_static_value(count))
        value = ops.cast(value, "float32")
        if len(value.shape) > 0:
            means[name] = _mean(value, batch.sample_weight, count)
        else:
            means[name] = value
    return means


def _mean(value: Tensor, sample_weight: Tensor | None, count: Tensor) -> Tensor:
    if value.shape[0] is None or tf.get_static_value(count) is None:
        # A number of rows that the trace doesn't know is compared when they are there;
        # of a batch of one row, a product with the weights would be of any shape.
        value = tf.reshape(value, [count])
    if sample_weight is not None:
        value = value * ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
    return ops.sum(value) / ops.cast(count, "float32")
