"""Ends a training whose input, loss or gradient isn't what it must be."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.likelihoods.base import RANGE_TOLERANCE
from keras_latent.training.replicas import is_distributed
from keras_latent.typing import Tensor

_INPUT, _LOSS, _GRADIENT = 1.0, 2.0, 3.0


class Findings(NamedTuple):
    """What one replica sees in a step before anybody moves.

    Args:
        lows: The least value of each column of the observation, stacked.
        highs: The greatest values, likewise.
        losses: The loss of each player, stacked.
        gradients: A number for each gradient, stacked, not finite where it isn't.
    """

    lows: Tensor
    highs: Tensor
    losses: Tensor
    gradients: Tensor


class Bounds(NamedTuple):
    """The range of one column of an observation.

    Args:
        name: The column's name, `"x"` where there is but one.
        low: The least value that the model takes.
        high: The greatest value.
    """

    name: str
    low: float
    high: float


class FiniteGuard(keras.callbacks.Callback):
    """Ends a training that has gone wrong, with the weights before that step.

    The step itself leaves its update out, and so do those that follow in the same call.
    Python looks at a step when the next call has begun, or the epoch is over, so that
    it never waits for the device.

    Attributes:
        bounds: The range of each column of the observation that is looked at.
        gradients: What each gradient that is looked at is of, for the message.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bounds: Sequence[Bounds] = ()
        self.gradients: Sequence[str] = ()
        # Each replica keeps its own, which are equal: none needs to ask the others.
        # The step from 1 on, what is wrong, which gradient, which column, its extremes.
        self._failure = tf.Variable(
            [0.0] * 6,
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
        lows = np.array([each.low for each in self.bounds], "float32")
        highs = np.array([each.high for each in self.bounds], "float32")
        # Comparisons with NaN are false: that is for the terms to name.
        is_out = tf.logical_or(
            findings.lows < lows - RANGE_TOLERANCE,
            findings.highs > highs + RANGE_TOLERANCE,
        )
        is_loss_bad = tf.reduce_any(tf.logical_not(tf.math.is_finite(findings.losses)))
        # The gradients have been added up already: all replicas see the same.
        is_gradient_bad = tf.logical_not(tf.math.is_finite(findings.gradients))
        wrong = tf.cast(tf.stack([tf.reduce_any(is_out), is_loss_bad]), tf.float32)
        if is_distributed():
            context = tf.distribute.get_replica_context()
            wrong = context.all_reduce("SUM", wrong)
        kind = tf.where(
            wrong[0] > 0.0,
            _INPUT,
            tf.where(
                wrong[1] > 0.0,
                _LOSS,
                tf.where(tf.reduce_any(is_gradient_bad), _GRADIENT, 0.0),
            ),
        )
        found = [tf.cast(step, tf.float32), kind, _first(is_gradient_bad)]
        if self.bounds:
            column = _first(is_out)
            index = tf.cast(column, tf.int32)
            found += [column, findings.lows[index], findings.highs[index]]
        else:
            found += [0.0, 0.0, 0.0]
        found = tf.stack(found)
        failure = tf.convert_to_tensor(self._failure)
        has_just_failed = tf.logical_and(failure[0] == 0.0, kind > 0.0)
        failure = tf.where(has_just_failed, found, failure)
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
        step, kind, *where = ops.convert_to_numpy(failure).tolist()
        if not step:
            return
        self.forget()
        values = {name: float(value) for name, value in logs.items()}
        if kind == _INPUT:
            raise ValueError(self._out_of_range(int(step), *where[1:]))
        if kind == _GRADIENT:
            raise ValueError(self._bad_gradient(int(step), int(where[0]), values))
        raise ValueError(_bad_loss(int(step), values))

    def _out_of_range(self, step: int, column: float, low: float, high: float) -> str:
        name, least, greatest = self.bounds[int(column)]
        return (
            f"`{name}` must lie in [{least:g}, {greatest:g}], the range of the model's "
            f"output, but at step {step} some of it doesn't. "
            f"Received: minimum={low:.9g}, maximum={high:.9g}"
        )

    def _bad_gradient(self, step: int, which: int, values: dict[str, float]) -> str:
        return (
            f"The gradient of the loss must be finite, but at step {step} that of "
            f"{self.gradients[which]} is not: look for a root or a logarithm of 0 in "
            f"the objective, or lower the learning rate. Received: {_listed(values)}"
        )

    def forget(self) -> None:
        """Allow updates again."""
        self._unseen = None
        self._failure.assign([0.0] * 6)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget what an interrupted training left."""
        self.forget()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at its last call."""
        self.look()


def _first(flags: Tensor) -> Tensor:
    """The index of the first flag that is set, as a float; 0 where none is."""
    if flags.shape[0] == 0:
        return tf.zeros(())
    return tf.cast(tf.argmax(tf.cast(flags, tf.int32)), tf.float32)


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
        f"that batch, or lower the learning rate. Received: {_listed(terms)}"
    )


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
