"""The players of a training, and the optimizer of each."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import keras
from keras.optimizers import LossScaleOptimizer, Optimizer

from keras_latent.typing import Tensor
from keras_latent.validation import check_positive_integer


class Player(NamedTuple):
    """One side of a training: what it moves, and what it minimises.

    Its gradient is taken with respect to its own variables alone, so that a term needs
    no stopped gradient to spare the networks of others. Regularisers of its layers are
    part of its loss.

    Args:
        layers: The layers and models whose trainable variables it moves.
        terms: The names of the terms that it minimises.
        every: It moves in each step whose number, from 0 on, this divides. Defaults
            to 1.
        start: The first step in which it moves, counted from 0. Defaults to 0.
        gate: From the means of all terms over the whole batch to whether it moves in
            this step, a scalar; for rules of balance. Defaults to `None`: always.
    """

    layers: list[keras.layers.Layer]
    terms: tuple[str, ...]
    every: int = 1
    start: int = 0
    gate: Callable[[dict[str, Tensor]], Tensor] | None = None

    @property
    def variables(self) -> list[keras.Variable]:
        """The trainable variables of the layers, each once."""
        by_id = {
            id(variable): variable
            for layer in self.layers
            for variable in layer.trainable_variables
        }
        return list(by_id.values())


def check_players(players: dict[str, Player], terms: Iterable[str]) -> None:
    """Refuse players that minimise what isn't declared, or leave a term to nobody.

    Args:
        players: The players by name.
        terms: The declared terms.

    Raises:
        ValueError: If there is no player, a term is unknown or nobody's, or a player's
            steps are no whole numbers.
    """
    minimised = {term for player in players.values() for term in player.terms}
    if not players or minimised != set(terms):
        raise ValueError(
            f"`players` must minimise the declared terms {sorted(terms)}, each at "
            "least once. Received: players that minimise "
            f"{ {name: player.terms for name, player in players.items()} }"
        )
    for name, player in players.items():
        check_positive_integer(f"every of {name}", player.every)
        if player.start:
            check_positive_integer(f"start of {name}", player.start)


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
