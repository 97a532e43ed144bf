"""How all players move at once, on one replica or on several, or none of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops
from keras.optimizers import LossScaleOptimizer, Optimizer

from keras_latent.keras_internals import apply_on_all_replicas, moved_variables
from keras_latent.training import replicas
from keras_latent.training.moved_by_data import Move
from keras_latent.training.replicas import is_distributed
from keras_latent.typing import Tensor


class Update(NamedTuple):
    """What one player is about to do.

    Args:
        optimizer: What moves the variables.
        variables: The player's trainable variables.
        gradients: Their gradients, of the whole batch; `None` where there is none.
        moves: What the data moves in the player's layers.
        statistics: The variables that its layers have moved in their passes already.
        before: What those held before.
        is_due: Whether the player moves, a scalar that is the same on all replicas.
    """

    optimizer: Optimizer
    variables: Sequence[keras.Variable]
    gradients: Sequence[Tensor | None]
    moves: Sequence[Move]
    statistics: Sequence[keras.Variable]
    before: Sequence[Tensor]
    is_due: Tensor


def on_whole_batch(gradients: Any) -> Any:
    """Gradients of the replicas' parts of a loss, added up to that of the whole batch.

    Args:
        gradients: A structure of tensors, or `None` in their place.
    """
    if not is_distributed():
        return gradients
    flat = tf.nest.flatten(gradients)
    given = [gradient for gradient in flat if gradient is not None]
    summed = iter(replicas.summed(given))
    flat = [None if gradient is None else next(summed) for gradient in flat]
    return tf.nest.pack_sequence_as(gradients, flat)


def finiteness(update: Sequence[Tensor | None], optimizer: Optimizer) -> list[Tensor]:
    """A number for each gradient that isn't finite where the gradient isn't.

    Args:
        update: The gradients.
        optimizer: Whose they are. One that scales the loss skips steps that overflow
            by itself, so that its gradients aren't looked at.
    """
    if isinstance(optimizer, LossScaleOptimizer):
        return []
    # A sum isn't finite where an element isn't, and reads the gradient only once.
    # Layers may have several dtypes, and sums of halves overflow.
    values = [g.values if isinstance(g, tf.IndexedSlices) else g for g in update]
    return [tf.reduce_sum(tf.cast(v, tf.float32)) for v in values if v is not None]


def apply_updates(updates: Sequence[Update]) -> None:
    """Move each player that is due, and put back what the others' layers moved.

    Args:
        updates: Those of all players, in order.
    """
    if not is_distributed():
        for update in updates:
            _apply(update, None)
        return
    # A branch within one replica can't meet the others, as optimizers do: all of them
    # take the branch together, and what is computed once reaches every copy.
    tensors = [
        (u.gradients, [m.value for m in u.moves], u.before, u.is_due) for u in updates
    ]
    flat = tf.nest.flatten(tensors)
    given = [tensor for tensor in flat if tensor is not None]

    def apply_all(strategy: tf.distribute.Strategy, *given: Any) -> None:
        here = iter([strategy.experimental_local_results(value)[0] for value in given])
        local = [None if tensor is None else next(here) for tensor in flat]
        for update, values in zip(
            updates, tf.nest.pack_sequence_as(tensors, local), strict=True
        ):
            gradients, moved, before, is_due = values
            moves = [
                Move(move.variable, value)
                for move, value in zip(update.moves, moved, strict=True)
            ]
            update = update._replace(
                gradients=gradients, moves=moves, before=before, is_due=is_due
            )
            _apply(update, strategy)

    tf.distribute.get_replica_context().merge_call(apply_all, args=tuple(given))


def _apply(update: Update, strategy: tf.distribute.Strategy | None) -> None:
    def move() -> None:
        # An average of what is frozen lags behind it, and may be put in its place.
        known = {id(variable) for variable in update.variables}
        frozen = [
            (variable, tf.identity(variable.value))
            for variable in moved_variables(update.optimizer)
            if id(variable) not in known
        ]
        if strategy is None:
            update.optimizer.apply(list(update.gradients), list(update.variables))
        else:
            apply_on_all_replicas(
                strategy, update.optimizer, update.gradients, update.variables
            )
        for variable, value in [*frozen, *update.moves]:
            variable.assign(value)

    def stay() -> None:
        for variable, value in zip(update.statistics, update.before, strict=True):
            variable.assign(value)

    ops.cond(update.is_due, move, stay)
