"""How long and how loudly `fit`, `evaluate` and `predict` run: numbers and switches."""

from typing import Any

import keras

from keras_latent.kinds import is_iterable
from keras_latent.validation import (
    check_choice,
    check_in_range,
    check_positive_integer,
    checked_switch,
    is_integer,
)

_POSITIVE = (
    "batch_size",
    "steps",
    "steps_per_epoch",
    "validation_steps",
    "validation_batch_size",
)
_CHOICES = {"verbose": ["auto", 0, 1, 2], "shuffle": [True, False, "batch"]}


def check_fit_arguments(arguments: dict[str, Any]) -> None:
    """Refuse numbers and switches that Keras would stumble over, or pass by.

    Args:
        arguments: Those of `fit`, `evaluate` or `predict` by name; those that are left
            out or `None`, where Keras takes that, are passed.

    Raises:
        ValueError: If one is wrong.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    for name in _POSITIVE:
        if name in given:
            check_positive_integer(name, given[name])
    for name in ("epochs", "initial_epoch"):
        value = arguments.get(name, 0)
        if not is_integer(value) or value < 0:
            raise ValueError(
                f"`{name}` must be an integer of at least 0. Received: {name}={value!r}"
            )
    for name, choices in _CHOICES.items():
        if name in given:
            check_choice(name, given[name], choices)
    if "return_dict" in given:
        checked_switch("return_dict", given["return_dict"])
    if given.get("validation_split"):
        check_in_range("validation_split", given["validation_split"], high=1.0)
    if "validation_freq" in arguments:
        _check_frequency(arguments["validation_freq"])
    if not isinstance(given.get("callbacks"), keras.callbacks.CallbackList):
        listed_callbacks(given.get("callbacks"))


def listed_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """One callback, a list of them or `None`, as a list.

    Raises:
        ValueError: If one is none.
    """
    listed = keras.tree.flatten(callbacks or [])
    for callback in listed:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                "`callbacks` must be callbacks of Keras, made ones. "
                f"Received: {callback!r}"
            )
    return listed


def _check_frequency(value: Any) -> None:
    epochs = value if is_iterable(value) else [value]
    if not all(is_integer(epoch) and epoch > 0 for epoch in epochs):
        raise ValueError(
            "`validation_freq` must be a positive integer, or a list of the epochs "
            f"after which to validate. Received: validation_freq={value!r}"
        )
