"""The players of a training, and the optimizer of each."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops
from keras.optimizers import LossScaleOptimizer, Optimizer

from keras_latent.keras_internals import moved_variables, strategy_of
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


def check_players(
    players: dict[str, Player], terms: Iterable[str], model: keras.Model
) -> None:
    """Refuse players that minimise what isn't declared, or leave a term to nobody.

    Args:
        players: The players by name.
        terms: The declared terms.
        model: What they train.

    Raises:
        ValueError: If there is no player, a term is unknown or nobody's, layers are
            none of the model, or a player's steps are no whole numbers.
    """
    for name, player in players.items() if isinstance(players, dict) else [("", None)]:
        if not isinstance(player, Player):
            raise ValueError(
                "`players` must be a dict from names to `Player`s. "
                f"Received: players={players!r}"
            )
        if f"{name}_loss" in terms:
            raise ValueError(
                "`players` must have names of whose losses no term has the name. "
                f"Received: the player {name!r} beside the term '{name}_loss'"
            )
    minimised = [term for player in players.values() for term in player.terms]
    if not players or set(minimised) != set(terms):
        raise ValueError(
            f"`players` must minimise the declared terms {sorted(terms)}, each at "
            "least once. Received: players that minimise "
            f"{ {name: player.terms for name, player in players.items()} }"
        )
    for name, player in players.items():
        check_positive_integer(f"every of {name}", player.every)
        if player.start != 0:
            check_positive_integer(f"start of {name}", player.start)
        if len(set(player.terms)) < len(player.terms):
            raise ValueError(
                f"`terms` of {name} must hold each term once; a weight says how much "
                f"it counts. Received: terms of {name}={player.terms}"
            )
        if player.gate is not None and not callable(player.gate):
            raise ValueError(
                f"`gate` of {name} must be a function of the means of all terms. "
                f"Received: gate of {name}={player.gate!r}"
            )
        _check_layers(name, player.layers, model)


def _check_layers(name: str, layers: Any, model: keras.Model) -> None:
    is_listed = isinstance(layers, list | tuple) and len(layers) > 0
    if not is_listed or not all(isinstance(e, keras.layers.Layer) for e in layers):
        raise ValueError(
            f"`layers` of {name} must be a list of layers. "
            f"Received: layers of {name}={layers!r}"
        )
    known = {id(variable) for variable in model.variables}
    for layer in layers:
        # Some have a name of their own in a model that they are within.
        if any(id(variable) not in known for variable in layer.variables):
            raise ValueError(
                f"`layers` of {name} must be attributes of the model, which saves "
                f"them. Received: {layer.name!r}, which is none"
            )


def check_nothing_is_left(
    players: dict[str, Player], spared: list[keras.layers.Layer], model: keras.Model
) -> None:
    """Refuse players of whom nobody moves a variable that is to be trained.

    Args:
        players: The players by name.
        spared: Layers that nobody is to move.
        model: What they train.

    Raises:
        ValueError: If there is such a variable.
    """
    layers = [layer for player in players.values() for layer in player.layers]
    settled = {id(v) for layer in (*layers, *spared) for v in layer.trainable_variables}
    left = [v.path for v in model.trainable_variables if id(v) not in settled]
    if left:
        raise ValueError(
            "`players` must move every variable that is trainable: name its layer in "
            "one of them, freeze it by `trainable = False`, or name it in "
            f"`spared_layers`. Received: players of whom none moves {left[0]!r}"
        )


def optimizer_by_player(optimizer: Any, players: list[str]) -> dict[str, Optimizer]:
    """The optimizer of each player, from what `compile` was given.

    A name or a config stands for a new optimizer of each player.

    Raises:
        ValueError: If it isn't one object for each player.
    """
    is_object = isinstance(optimizer, Optimizer)
    if is_object and len(players) > 1:
        raise ValueError(
            "`optimizer` must be a name, or a dict with one for each player, "
            f"{players}, because an optimizer keeps state for the variables it moves. "
            f"Received: optimizer={optimizer!r}"
        )
    if not isinstance(optimizer, dict) or "class_name" in optimizer:
        given = dict.fromkeys(players, optimizer)
    elif optimizer.keys() == set(players):
        given = optimizer
    else:
        raise ValueError(
            f"`optimizer` must hold one for each player: {players}. "
            f"Received: optimizer of {list(optimizer)}"
        )
    optimizers = {name: _as_optimizer(given[name]) for name in players}
    if len({id(own) for own in optimizers.values()}) < len(players):
        raise ValueError(
            "`optimizer` must hold an object of its own for each player, because an "
            f"optimizer keeps state for the variables it moves. Received: {optimizer=}"
        )
    return optimizers


def _as_optimizer(given: Any) -> Optimizer:
    try:
        optimizer = keras.optimizers.get(given)
    except (ValueError, TypeError) as error:
        raise ValueError(
            "`optimizer` must be an optimizer of Keras or the name of one. "
            f"Received: optimizer={given!r}"
        ) from error
    if not isinstance(optimizer, Optimizer):
        raise ValueError(
            "`optimizer` must be an optimizer of Keras or the name of one. "
            f"Received: optimizer={given!r}"
        )
    return optimizer


def build_for(optimizer: Optimizer, name: str, player: Player) -> None:
    """Make an optimizer's variables for those of a player.

    Raises:
        ValueError: If it has some already, for others, or was made in another scope.
    """
    if strategy_of(optimizer) is not tf.distribute.get_strategy():
        raise ValueError(
            f"`optimizer` of {name!r} must be made in the scope of the strategy in "
            "which the model was made, or be a name. "
            f"Received: optimizer={optimizer!r}"
        )
    if optimizer.built:
        known = {id(variable) for variable in moved_variables(optimizer)}
        if any(id(variable) not in known for variable in player.variables):
            raise ValueError(
                f"`optimizer` of {name!r} must be a new one, since what it keeps is of "
                "other variables than those that are to move. "
                f"Received: optimizer={optimizer!r}"
            )
    optimizer.build(player.variables)


def check_gradients(
    name: str,
    player: Player,
    optimizer: Optimizer,
    variables: Sequence[keras.Variable],
    gradients: Sequence[Tensor | None],
) -> None:
    """Refuse a step in which a player's optimizer couldn't move it.

    Raises:
        ValueError: If the optimizer was made for other variables, or nothing that the
            player minimises depends on its own.
    """
    known = {id(variable) for variable in moved_variables(optimizer)}
    new = [variable.path for variable in variables if id(variable) not in known]
    if new:
        raise ValueError(
            "`compile` must come after layers are built, in the constructor, and made "
            "trainable: the optimizer keeps nothing for those that follow. "
            f"Received: {new[0]!r}"
        )
    if variables and all(gradient is None for gradient in gradients):
        raise ValueError(
            f"`terms` of {name} must depend on the layers that it moves, through "
            "what has a gradient. "
            f"Received: {player.terms}, without a gradient for {variables[0].path!r}"
        )


def is_open(gate: Callable[[dict[str, Tensor]], Tensor], means: Any) -> Tensor:
    """Whether a gate lets its player move.

    Raises:
        ValueError: If it doesn't give one truth value, or reads what isn't there.
    """
    try:
        given = gate(means)
    except KeyError as error:
        raise ValueError(
            f"`gate` must read means of {sorted(means)}. Received: {error}"
        ) from error
    if given is None or tuple(ops.shape(given)) != ():
        raise ValueError(
            "`gate` must give one truth value, a scalar. "
            f"Received: {None if given is None else tuple(ops.shape(given))}"
        )
    return ops.cast(given, "bool")


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
