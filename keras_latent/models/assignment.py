"""What may be assigned to a model that is made, which stays one that can be saved."""

import random
from contextvars import ContextVar
from typing import Any

import keras
import numpy as np

_IN_TWIN = ContextVar("in_twin", default=False)
"""Whether a model is being made to try an argument, by a constructor that assigns."""


def is_exchange(model: Any, name: str, value: Any) -> bool:
    """Whether another value is assigned to a constructor's argument of a made model.

    Args:
        model: A `ConstructorConfigModel`.
        name: The attribute's name.
        value: What is assigned.
    """
    if name.startswith("_") or _IN_TWIN.get() or name not in vars(model):
        return False
    arguments = model.constructor_arguments()
    if name not in arguments or not all(hasattr(model, own) for own in arguments):
        return False
    current = vars(model)[name]
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
    token = _IN_TWIN.set(True)
    try:
        return type(model).from_config(model.get_config() | changes)
    finally:
        _IN_TWIN.reset(token)
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
