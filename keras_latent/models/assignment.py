"""What may be assigned to a model that is made, which stays one that can be saved."""

import functools
import inspect
import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

_FOLLOWERS = ("code_shape", "latent_dim", "condition", "decoder_spec")
"""What follows from the networks and the arguments, beside layers."""


def noted(constructor: Callable[..., None]) -> Callable[..., None]:
    """A constructor that counts how many of a model's are at work, one in another.

    When the last is over, it notes which of the layers made are to be built by a call.
    """

    @functools.wraps(constructor)
    def counted(self: Any, *args: Any, **kwargs: Any) -> None:
        # Past what Keras tracks.
        own = self.__dict__
        own["_constructors"] = own.get("_constructors", 0) + 1
        try:
            constructor(self, *args, **kwargs)
        finally:
            own["_constructors"] -= 1
        if not own["_constructors"]:
            layers = self.made_layers()
            own["_unbuilt"] = [name for name in layers if not layers[name].built]

    # Keras reads arguments from here, past what `wraps` says.
    counted.__signature__ = inspect.signature(constructor)  # type: ignore[attr-defined]
    return counted


def check_follower(model: Any, name: str, value: Any) -> None:
    """Refuse another value for what a constructor has made of its arguments.

    A layer that is like the one in its place may take it, since a file holds that.

    Args:
        model: A `ConstructorConfigModel`.
        name: The attribute's name, none of the constructor's arguments.
        value: What is assigned.

    Raises:
        ValueError: If a loaded model wouldn't have it.
    """
    own = vars(model)
    if name not in own or name.startswith("_") or own.get("_constructors", 1):
        return
    current = own[name]
    is_layer = isinstance(current, keras.layers.Layer)
    if value is current or not (is_layer or name in _FOLLOWERS):
        return
    if name in model.constructor_arguments():
        return
    stays = _alike(value, current) if is_layer else value == current
    if not stays:
        raise ValueError(
            f"`{name}` can't be changed once the model is made, since its constructor "
            "makes it, and would again when a file is loaded: make a class of your "
            f"own. Received: {name}={value!r}"
        )


def _alike(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    configs = [
        {key: own for key, own in layer.get_config().items() if key != "name"}
        for layer in (one, other)
    ]
    shapes = [[tuple(v.shape) for v in layer.variables] for layer in (one, other)]
    return configs[0] == configs[1] and (not one.built or shapes[0] == shapes[1])


def is_exchange(model: Any, name: str, value: Any) -> bool:
    """Whether another value is assigned to a constructor's argument of a made model.

    Args:
        model: A `ConstructorConfigModel`.
        name: The attribute's name.
        value: What is assigned.
    """
    own = vars(model)
    if name.startswith("_") or name not in own or own.get("_constructors", 1):
        return False
    arguments = model.constructor_arguments()
    if name not in arguments or not all(hasattr(model, e) for e in arguments):
        return False
    current = own[name]
    if value is current:
        return False
    return not (_is_plain(value) and _is_plain(current) and value == current)


def check_exchange(model: Any, name: str, value: Any) -> None:
    """Refuse what the constructor refuses, and what more than this attribute follows.

    Raises:
        ValueError: If the model, made with that argument, would be an error or another
            one than this model with the attribute alone changed.
    """
    current = vars(model)[name]
    exchanges_objects = not (_is_plain(value) and _is_plain(current))
    if exchanges_objects and not (_is_weightless(value) and _is_weightless(current)):
        raise ValueError(
            f"`{name}` can't be exchanged for something else once the model is made: "
            f"make another {type(model).__name__}. "
            f"Received: {name} of type {type(value).__name__}"
        )
    given = (
        keras.saving.serialize_keras_object(value)
        if isinstance(value, keras.layers.Layer)
        else value
    )
    as_made = _described(_twin(model, {}), name)
    changed = _described(_twin(model, {name: given}), name)
    followers = [key for key in as_made if as_made[key] != changed.get(key)]
    followers += [key for key in changed if key not in as_made]
    if followers:
        raise ValueError(
            f"`{name}` can't be changed once the model is made, since `{followers[0]}` "
            f"follows from it: make another {type(model).__name__}. "
            f"Received: {name}={value!r}"
        )


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str | np.number)


def _is_weightless(value: Any) -> bool:
    return isinstance(value, keras.layers.Layer) and not value.weights


def _twin(model: Any, changes: dict[str, Any]) -> Any:
    """A model of its config but for the changes; the state of `random` stays."""
    state = random.getstate()
    try:
        return type(model).from_config(model.get_config() | changes)
    finally:
        random.setstate(state)


def _described(model: Any, name: str) -> dict[str, Any]:
    """What a constructor has made: plain attributes, and layers, by their names."""
    described: dict[str, Any] = {
        key: value
        for key, value in vars(model).items()
        if not key.startswith("_") and key != name and _is_plain(value)
    }
    for key, layer in model.made_layers().items():
        config = {k: v for k, v in layer.get_config().items() if k != "name"}
        described[key.partition("/")[0]] = config
    described["weights"] = [tuple(weight.shape) for weight in model.weights]
    return described
