"""Averages of weights, which Keras puts in the place of the weights after `fit`."""

from collections.abc import Sequence
from typing import Any

from keras.optimizers import Optimizer

from keras_latent.keras_internals import moved_variables


def finalize_each_by_its_own(optimizers: Sequence[Optimizer]) -> None:
    """Let the end of `fit` give each player the averages of its own variables.

    Keras calls the first optimizer, with all variables of the model, and pairs them
    with its averages in order: those of a player that owns a part would be mixed up.
    What is frozen keeps its value.

    Args:
        optimizers: Those of all players; the first is the one that Keras calls.
    """

    def finalize_all(_: Any) -> None:
        for optimizer in optimizers:
            variables = moved_variables(optimizer)
            frozen = [(v, v.numpy()) for v in variables if not v.trainable]
            type(optimizer).finalize_variable_values(optimizer, variables)
            for variable, value in frozen:
                variable.assign(value)

    optimizers[0].finalize_variable_values = finalize_all
