"""Updates of weights that are left out once the loss isn't finite."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from keras.optimizers import Optimizer

from keras_latent.training.replicas import is_distributed
from keras_latent.typing import Tensor


class FiniteLossGuard(keras.callbacks.Callback):
    """Ends a training whose loss isn't finite, with the weights before that step.

    The step itself leaves its update out, and so do those that follow in the same call.
    Python looks at a step when the next call has begun, or the epoch is over, so that
    it never waits for the device.
    """

    def __init__(self) -> None:
        super().__init__()
        # Each replica keeps its own, which are equal: none needs to ask the others.
        self._failed_step = tf.Variable(
            0,
            dtype=tf.int64,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        self._unseen: tuple[Tensor, dict[str, Any]] | None = None

    def allows(self, loss: Tensor, step: Tensor) -> Tensor:
        """Whether weights may move: this loss was finite everywhere, as all before.

        Args:
            loss: That of this replica, a scalar.
            step: Its number, from 1 on.
        """
        is_finite = ops.isfinite(loss)
        if is_distributed():
            context = tf.distribute.get_replica_context()
            failures = context.all_reduce("SUM", 1.0 - ops.cast(is_finite, "float32"))
            is_finite = ops.equal(failures, 0.0)
        failed = tf.convert_to_tensor(self._failed_step)
        has_just_failed = tf.logical_and(failed == 0, tf.logical_not(is_finite))
        failed = tf.where(has_just_failed, tf.cast(step, tf.int64), failed)
        self._failed_step.assign(failed)
        return failed == 0

    def begin(self, logs: dict[str, Any]) -> None:
        """Take the logs of a call that has begun, and look at the one before it."""
        begun = tf.identity(self._failed_step), logs
        self.look()
        self._unseen = begun

    def look(self) -> None:
        """Look at the call that was begun last.

        Raises:
            ValueError: If its loss isn't finite; it names the step and the term.
        """
        if self._unseen is None:
            return
        (failed, logs), self._unseen = self._unseen, None
        if step := int(failed):
            self.forget()
            raise ValueError(_described_stop(logs, step))

    def forget(self) -> None:
        """Allow updates again."""
        self._unseen = None
        self._failed_step.assign(0)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget what an interrupted training left."""
        self.forget()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at its last call."""
        self.look()


def apply_gradients(
    optimizer: Optimizer,
    gradients: Sequence[Tensor],
    variables: Sequence[Any],
    is_allowed: Tensor,
) -> None:
    """Move variables by their gradients, if they may.

    The optimizer counts the step in either case. All replicas move, or none does.

    Args:
        optimizer: What moves them.
        gradients: The gradient of each variable on this replica.
        variables: The variables.
        is_allowed: Whether they may move, a scalar that is the same on all replicas.
    """

    def skip() -> None:
        optimizer.iterations.assign_add(1)

    def update(gradients: Sequence[Tensor]) -> None:
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    if tf.__internal__.distribute.strategy_supports_no_merge_call():
        ops.cond(is_allowed, lambda: update(gradients), skip)
        return

    # A branch within one replica can't meet the others, as optimizers do: all of them
    # take the branch together.
    def update_all(strategy: Any, is_allowed: Any, gradients: Any) -> None:
        replicas = strategy.extended
        ops.cond(
            strategy.experimental_local_results(is_allowed)[0],
            lambda: replicas.call_for_each_replica(update, args=(gradients,)),
            skip,
        )

    context = tf.distribute.get_replica_context()
    context.merge_call(update_all, args=(is_allowed, list(gradients)))


def steps_done(optimizer: Optimizer) -> int:
    """Number of steps that an optimizer has made, mirrored over replicas or not."""
    return int(ops.convert_to_numpy(optimizer.iterations))


def _described_stop(logs: dict[str, Any], step: int) -> str:
    values = {name: float(value) for name, value in logs.items()}
    bad = {name: value for name, value in values.items() if not np.isfinite(value)}
    # The loss names itself only where none of its terms does.
    terms = {name: value for name, value in bad.items() if name != "loss"} or bad
    named = ", ".join(f"`{name}`" for name in terms)
    received = ", ".join(f"{name}={value}" for name, value in terms.items())
    return (
        f"`loss` must be finite, but at step {step} {named} is not: look for NaN in "
        f"that batch, or lower the learning rate. Received: {received}"
    )
