"""Updates of weights that are left out where the loss isn't finite."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from keras import ops
from keras.optimizers import Optimizer

from keras_latent.distribution import is_distributed
from keras_latent.typing import Tensor


def apply_if_finite(
    optimizer: Optimizer,
    gradients: Sequence[Tensor],
    variables: Sequence[Any],
    loss: Tensor,
) -> None:
    """Move variables by their gradients, unless the loss isn't finite.

    The optimizer counts the step in either case. All replicas move, or none does.

    Args:
        optimizer: What moves them.
        gradients: The gradient of each variable on this replica.
        variables: The variables.
        loss: What the gradients are of, a scalar.
    """
    is_finite = ops.isfinite(loss)
    if is_distributed():
        context = tf.distribute.get_replica_context()
        failures = context.all_reduce("SUM", 1.0 - ops.cast(is_finite, "float32"))
        is_finite = ops.equal(failures, 0.0)

    def skip() -> None:
        optimizer.iterations.assign_add(1)

    def update(gradients: Sequence[Tensor]) -> None:
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    if tf.__internal__.distribute.strategy_supports_no_merge_call():
        ops.cond(is_finite, lambda: update(gradients), skip)
        return

    # A branch within one replica can't meet the others, as optimizers do: all of them
    # take the branch together.
    def update_all(strategy: Any, is_finite: Any, gradients: Any) -> None:
        replicas = strategy.extended
        ops.cond(
            strategy.experimental_local_results(is_finite)[0],
            lambda: replicas.call_for_each_replica(update, args=(gradients,)),
            skip,
        )

    context = tf.distribute.get_replica_context()
    context.merge_call(update_all, args=(is_finite, list(gradients)))
