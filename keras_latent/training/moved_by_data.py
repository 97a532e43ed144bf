"""State that the data moves and no gradient does, such as means that run along."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_latent.training.replicas import is_distributed, rows_that_are_there
from keras_latent.typing import Tensor


class Move(NamedTuple):
    """A variable, and what it shall hold after the step.

    Args:
        variable: One of a layer's own, not trainable.
        value: Its new value, the same on all replicas.
    """

    variable: keras.Variable
    value: Tensor


_STEP = threading.local()
"""What the layers ask for in the step that this thread makes."""


@contextlib.contextmanager
def collected_moves() -> Iterator[list[Move]]:
    """Collect what layers ask for inside, to be done once the step is allowed.

    Yields:
        The moves, complete at the end: of several for one variable, the last.
    """
    before = getattr(_STEP, "moves", None)
    by_variable: dict[int, Move] = {}
    _STEP.moves = by_variable
    moves: list[Move] = []
    try:
        yield moves
    finally:
        _STEP.moves = before
        moves.extend(by_variable.values())


def move_after_step(variable: keras.Variable, value: Any) -> None:
    """Let a layer's own variable hold a value once the step has been made.

    Outside a training step this does nothing. In one, the value is assigned after the
    gradients have moved the weights, if they may, and only if the player moves whose
    layer it is. A layer calls it in its pass, with statistics of the rows of all
    replicas (`over_replicas`).

    Args:
        variable: A variable of the layer, not trainable.
        value: What it shall hold, the same on all replicas.
    """
    moves = getattr(_STEP, "moves", None)
    if moves is not None:
        moves[id(variable)] = Move(variable, tf.convert_to_tensor(value))


@contextlib.contextmanager
def rows_weighed(weights: Tensor) -> Iterator[None]:
    """Let the rows that layers see inside count as much in their statistics.

    Args:
        weights: Of shape (rows,): those of the rows of one example add up to 1 where it
            stands as several, such as once for each class that it may be of.
    """
    before = getattr(_STEP, "weights", None)
    _STEP.weights = tf.stop_gradient(weights)
    try:
        yield
    finally:
        _STEP.weights = before


def weights_of_rows(like: Tensor) -> Tensor:
    """How much each row counts in statistics: 0 where it only stands for none.

    Args:
        like: A tensor of shape (batch, ...), or of K rows for each example.
    """
    weights, there = getattr(_STEP, "weights", None), rows_that_are_there(like)
    return there if weights is None else there * weights


def in_training_step() -> bool:
    """Whether this is the pass of a training step, after which state may move.

    >>> in_training_step()
    False
    """
    return getattr(_STEP, "moves", None) is not None


def over_replicas(sums: Any) -> Any:
    """Sums over the rows of this replica, added up over all of them.

    A replica without a row holds one of zeros: weigh rows by those that are there.

    Args:
        sums: A tensor, or a structure of tensors.
    """
    if not is_distributed():
        return sums
    return tf.distribute.get_replica_context().all_reduce("SUM", sums)
