"""Ends a training whose input, loss or gradient isn't what it must be."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.likelihoods.base import RANGE_TOLERANCE
from keras_latent.training.batches import rows
from keras_latent.training.replicas import is_distributed
from keras_latent.typing import Batch, Tensor

_SIZE = 8
"""Numbers that describe a failure, see `_Failure`."""


class Column(NamedTuple):
    """Something in the data whose values must lie in a range.

    Args:
        name: Its name, such as `"x"`.
        values: The tensor.
        low: The least value that it may have.
        high: The greatest value.
        rule: What it must be, as a message says it: "lie in [0, 1], the range of the
            decoder's output".
        is_whole: Whether numbers between two whole ones are refused, too. Defaults to
            `False`.
    """

    name: str
    values: Any
    low: float
    high: float
    rule: str
    is_whole: bool = False


def rows_at_most(argument: str, value: int, x: Any) -> Column:
    """The number of a batch's rows as what an argument bounds.

    Args:
        argument: The argument's name, for the message.
        value: Its value.
        x: A tensor of so many rows, or a structure of them.
    """
    count = ops.reshape(ops.cast(rows(x), "float32"), (1,))
    rule = f"hold at most `{argument}`={value} rows"
    return Column("batch", count, 0.0, float(value), rule)


def weight_columns(batch: Batch) -> list[Column]:
    """The weights of a batch's rows as what must lie in a range, if there are any."""
    if batch.sample_weight is None:
        return []
    rule = "hold finite numbers of at least 0"
    return [Column("sample_weight", batch.sample_weight, 0.0, math.inf, rule)]


class Findings(NamedTuple):
    """What one replica sees in a step before anybody moves.

    Args:
        columns: What of the data must lie in a range.
        losses: The loss of each player, stacked.
        gradients: A number for each gradient, stacked, not finite where it isn't.
    """

    columns: Sequence[Column]
    losses: Tensor
    gradients: Tensor


class _Failure(NamedTuple):
    """The first thing that went wrong, as numbers; all 0 before.

    Args:
        step: The step's number, from 1 on.
        is_loss: Whether a loss isn't finite.
        gradient: The gradient that isn't finite, counted from 1; 0 for none.
        column: The column that is out of its range, counted from 1; 0 for none.
        low: The least value in that column.
        high: The greatest.
        nan: How many values of the columns are NaN.
        infinite: How many are infinite.
    """

    step: float
    is_loss: float
    gradient: float
    column: float
    low: float
    high: float
    nan: float
    infinite: float


class FiniteGuard(keras.callbacks.Callback):
    """Ends a training that has gone wrong, with the weights before that step.

    The step itself leaves its update out, and so do those that follow in the same call.
    Python looks at a step when the next call has begun, or the epoch is over, so that
    it never waits for the device.

    Args:
        watches_data_alone: Whether a loss that isn't finite may be, as in an
            evaluation, where the data is sound. Defaults to `False`.

    Attributes:
        gradients: What each gradient that is looked at is of, for the message.
    """

    def __init__(self, watches_data_alone: bool = False) -> None:
        super().__init__()
        self.watches_data_alone = watches_data_alone
        self.gradients: Sequence[str] = ()
        self._columns: Sequence[tuple[str, str]] = ()
        # Each replica keeps its own, which are equal: none needs to ask the others.
        self._failure = tf.Variable(
            [0.0] * _SIZE,
            dtype=tf.float32,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        self._unseen: tuple[Tensor, dict[str, Any]] | None = None

    def allows(self, findings: Findings, step: Tensor) -> Tensor:
        """Whether weights may move: this step is sound everywhere, as all before.

        Args:
            findings: What this replica sees.
            step: The step's number, from 1 on.
        """
        columns = findings.columns
        self._columns = [(column.name, column.rule) for column in columns]
        values = [tf.cast(column.values, tf.float32) for column in columns]
        lows = tf.stack([tf.reduce_min(each) for each in values] or [0.0])
        highs = tf.stack([tf.reduce_max(each) for each in values] or [0.0])
        least = np.array([c.low for c in columns] or [0.0], "float32")
        greatest = np.array([c.high for c in columns] or [0.0], "float32")
        # Comparisons with NaN are false.
        is_in = tf.logical_and(
            lows >= least - RANGE_TOLERANCE, highs <= greatest + RANGE_TOLERANCE
        )
        is_broken = [
            tf.reduce_any(each != tf.floor(each)) if column.is_whole else False
            for column, each in zip(columns, values, strict=True)
        ]
        is_out = tf.logical_or(tf.logical_not(is_in), tf.stack(is_broken or [False]))
        # The gradients have been added up already: all replicas see the same.
        is_bad = tf.logical_not(tf.math.is_finite(findings.gradients))
        is_loss = tf.reduce_any(tf.logical_not(tf.math.is_finite(findings.losses)))
        wrong = tf.cast(tf.stack([is_loss, tf.reduce_any(is_out)]), tf.float32)
        if is_distributed():
            context = tf.distribute.get_replica_context()
            wrong = context.all_reduce("SUM", wrong)
        is_wrong = tf.logical_or(tf.reduce_any(wrong > 0.0), tf.reduce_any(is_bad))

        def described() -> Tensor:
            counts = [
                [
                    tf.math.count_nonzero(tf.math.is_nan(each), dtype=tf.float32),
                    tf.math.count_nonzero(tf.math.is_inf(each), dtype=tf.float32),
                ]
                for each in values
            ]
            nan, infinite = tf.unstack(tf.reduce_sum(counts or [[0.0, 0.0]], axis=0))
            column, gradient = _first(is_out), _first(is_bad)
            index = tf.cast(tf.maximum(column - 1.0, 0.0), tf.int32)
            return tf.stack(
                [
                    tf.cast(step, tf.float32),
                    tf.cast(wrong[0] > 0.0, tf.float32),
                    *(gradient, column, lows[index], highs[index], nan, infinite),
                ]
            )

        failure = tf.convert_to_tensor(self._failure)
        if self.watches_data_alone:
            found = tf.cond(is_wrong, described, lambda: tf.zeros((_SIZE,)))
            is_sound = tf.logical_and(found[3] == 0.0, found[6] + found[7] == 0.0)
            found = tf.where(is_sound, tf.zeros((_SIZE,)), found)
        else:
            found = tf.cond(is_wrong, described, lambda: tf.zeros((_SIZE,)))
        failure = tf.where(failure[0] == 0.0, found, failure)
        self._failure.assign(failure)
        return failure[0] == 0.0

    def begin(self, logs: dict[str, Any]) -> None:
        """Take the logs of a call that has begun, and look at the one before it."""
        begun = tf.identity(self._failure), logs
        self.look()
        self._unseen = begun

    def look(self) -> None:
        """Look at the call that was begun last.

        Raises:
            ValueError: If something in it isn't finite or in range; it names the step
                and the term.
        """
        if self._unseen is None:
            return
        (failure, logs), self._unseen = self._unseen, None
        found = _Failure(*ops.convert_to_numpy(failure).tolist())
        if found.step:
            self.forget()
            values = {name: float(value) for name, value in logs.items()}
            raise ValueError(" ".join(self._sentences(found, values)))

    def _sentences(self, found: _Failure, values: dict[str, float]) -> list[str]:
        step, sentences = int(found.step), []
        if found.is_loss and not self.watches_data_alone:
            sentences.append(_bad_loss(step, values))
        if found.nan or found.infinite:
            name, _ = self._columns[max(int(found.column) - 1, 0)]
            sentences.append(
                f"`{name}` must be finite. Received: "
                f"NaN={int(found.nan)}, infinite={int(found.infinite)} at step {step}."
            )
        if found.column and np.isfinite([found.low, found.high]).all():
            name, rule = self._columns[int(found.column) - 1]
            sentences.append(
                f"`{name}` must {rule}. Received: minimum={found.low:.9g}, "
                f"maximum={found.high:.9g} at step {step}."
            )
        if found.gradient and not sentences:
            sentences.append(
                f"The gradient of the loss must be finite, but at step {step} that of "
                f"{self.gradients[int(found.gradient) - 1]} is not: look for a root or "
                "a logarithm of 0 in the objective, or lower the learning rate. "
                f"Received: {_listed(values)}"
            )
        return sentences

    def forget(self) -> None:
        """Allow updates again."""
        self._unseen = None
        self._failure.assign([0.0] * _SIZE)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget what an interrupted training left."""
        self.forget()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at its last call."""
        self.look()


def _first(flags: Tensor) -> Tensor:
    """The number of the first flag that is set, from 1 on; 0 where none is."""
    if flags.shape[0] == 0:
        return tf.zeros(())
    first = tf.cast(tf.argmax(tf.cast(flags, tf.int32)), tf.float32) + 1.0
    return tf.where(tf.reduce_any(flags), first, 0.0)


def _bad_loss(step: int, values: dict[str, float]) -> str:
    bad = {name: value for name, value in values.items() if not np.isfinite(value)}
    # A loss names itself only where none of its terms does.
    terms = {
        name: value
        for name, value in bad.items()
        if name != "loss" and not name.endswith("_loss")
    } or bad
    named = ", ".join(f"`{name}`" for name in terms)
    return (
        f"`loss` must be finite, but at step {step} {named} is not: look for NaN in "
        f"that batch, or lower the learning rate. Received: {_listed(terms)}."
    )


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
