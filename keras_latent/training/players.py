"""The players of a training, and the optimizer of each."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras.optimizers import LossScaleOptimizer, Optimizer

from keras_latent.typing import Batch, Tensor


class Player(NamedTuple):
    """One side of a training: what it minimises and what it may move.

    Args:
        objective: From a batch and `training` to `{term: tensor}`, unweighted.
        layers: The layers and models whose trainable variables this player moves.
    """

    objective: Callable[[Batch, bool], dict[str, Tensor]]
    layers: list[keras.layers.Layer]

    @property
    def variables(self) -> list[keras.Variable]:
        """The trainable variables of the layers, each once."""
        by_id = {
            id(variable): variable
            for layer in self.layers
            for variable in layer.trainable_variables
        }
        return list(by_id.values())


def optimizer_by_player(optimizer: Any, players: list[str]) -> dict[str, Optimizer]:
    """The optimizer of each player, from what `compile` was given.

    Raises:
        ValueError: If it isn't one object for each player.
    """
    given = optimizer if isinstance(optimizer, dict) else None
    if (given is None and len(players) == 1) or (
        given is not None and "class_name" in given
    ):
        given = {players[0]: optimizer}
    if given is None or sorted(given) != sorted(players):
        raise ValueError(
            f"`optimizer` must be a dict with one for each player: {players}. "
            f"Received: optimizer={optimizer!r}"
        )
    optimizers = {name: keras.optimizers.get(given[name]) for name in players}
    if len({id(own) for own in optimizers.values()}) < len(players):
        raise ValueError(
            "`optimizer` must hold an object of its own for each player, because an "
            f"optimizer keeps state for the variables it moves. Received: {optimizer=}"
        )
    return optimizers


def with_scaled_loss(optimizer: Optimizer) -> Optimizer:
    """The optimizer, wrapped so that small gradients survive float16."""
    if isinstance(optimizer, LossScaleOptimizer):
        return optimizer
    return LossScaleOptimizer(optimizer)


def computes_in_float16(layer: keras.layers.Layer) -> bool:
    """Whether a model or one of its layers has the policy mixed_float16."""
    return layer.dtype_policy.name == "mixed_float16" or any(
        computes_in_float16(sublayer) for sublayer in getattr(layer, "layers", [])
    )


def is_regularized(layer: keras.layers.Layer) -> bool:
    """Whether a layer or one within it adds a loss of its own."""
    if layer.losses or getattr(layer, "activity_regularizer", None):
        return True
    return any(is_regularized(inner) for inner in getattr(layer, "layers", []))
