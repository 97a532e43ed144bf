"""Checks of what kind of thing an argument is: a model, a dict, a list, an array."""

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


def received(argument: str, value: Any) -> str:
    """What an argument is, for a message: what is short itself, the rest by its type.

    >>> received("images", None)
    'images=None'
    >>> received("images", np.zeros(3))
    'images of type ndarray'
    """
    if value is None or isinstance(value, str | numbers.Number | np.bool_):
        return f"{argument}={value!r}"
    return f"{argument} of type {type(value).__name__}"


def check_offers(argument: str, value: Any, kind: str, *names: str) -> None:
    """Refuse what lacks the methods or attributes by which a thing is used.

    Args:
        argument: The argument's name, for the message.
        value: What the caller gave.
        kind: What it must be, in words, such as `"a latent model"`.
        *names: What it must have.

    Raises:
        ValueError: If it lacks one.

    >>> check_offers("model", None, "a latent model", "encode")
    Traceback (most recent call last):
    ...
    ValueError: `model` must be a latent model, with `encode`. Received: model=None
    """
    if not all(hasattr(value, name) for name in names):
        listed = ", ".join(f"`{name}`" for name in names)
        raise ValueError(
            f"`{argument}` must be {kind}, with {listed}. "
            f"Received: {received(argument, value)}"
        )


def check_mapping(argument: str, value: Any, held: str) -> None:
    """Refuse what is no dict.

    Args:
        argument: The argument's name, for the message.
        value: What the caller gave.
        held: What the dict holds, such as `"scores by name"`.

    Raises:
        ValueError: If it is none.

    >>> check_mapping("scores", [0.5], "scores by name")
    Traceback (most recent call last):
    ...
    ValueError: `scores` must be a dict of scores by name. Received: scores of type list
    """
    if not isinstance(value, Mapping):
        raise ValueError(
            f"`{argument}` must be a dict of {held}. "
            f"Received: {received(argument, value)}"
        )


def is_iterable(value: Any) -> bool:
    """Whether there is one thing after another in it; an array of no axis says so, too.

    >>> is_iterable([3]), is_iterable(3), is_iterable(np.array(3))
    (True, False, False)
    """
    return isinstance(value, Iterable) and getattr(value, "shape", None) != ()


def checked_list(argument: str, value: Any, held: str) -> list[Any]:
    """What can be listed, as a list; a dict or a text isn't one.

    Args:
        argument: The argument's name, for the message.
        value: What the caller gave.
        held: What the list holds, such as `"texts"`.

    Raises:
        ValueError: If it is a single thing.

    >>> checked_list("row_labels", 3, "texts")
    Traceback (most recent call last):
    ...
    ValueError: `row_labels` must be a list of texts. Received: row_labels=3
    """
    # The letters of one text would pass for texts.
    if isinstance(value, Mapping | str | bytes) or not is_iterable(value):
        raise ValueError(
            f"`{argument}` must be a list of {held}. "
            f"Received: {received(argument, value)}"
        )
    return list(value)


def checked_labels(argument: str, labels: Any) -> list[str]:
    """What is to be written beside something, as texts.

    Raises:
        ValueError: If it is no list of texts or numbers.

    >>> checked_labels("row_labels", ["cat", 3])
    ['cat', '3']
    """
    listed = checked_list(argument, labels, "texts")
    for label in listed:
        if not isinstance(label, str | numbers.Number | np.generic):
            raise ValueError(
                f"`{argument}` must be a list of texts. "
                f"Received: {argument} with an entry of type {type(label).__name__}"
            )
    return list(map(str, listed))


def as_array(argument: str, values: Any) -> np.ndarray:
    """Take values as an array of whatever they are.

    Raises:
        ValueError: If rows are of several lengths, or values aren't known yet.
    """
    try:
        return np.asarray(values)
    # What an object raises that is asked for its values is of any kind.
    except Exception as error:
        raise ValueError(
            f"`{argument}` must be an array of known values, its rows of equal length. "
            f"Received: {argument} of type {type(values).__name__}"
        ) from error


def as_numeric_array(argument: str, values: Any) -> np.ndarray:
    """Take values as an array, if they are real numbers; finite or not.

    Raises:
        ValueError: If they aren't, or rows are of several lengths.

    >>> as_numeric_array("images", None)
    Traceback (most recent call last):
    ...
    ValueError: `images` must hold numbers. Received: images=None
    """
    array = as_array(argument, values)
    if not np.can_cast(array.dtype, "float64"):
        told = f"{argument} of dtype {array.dtype}"
        raise ValueError(
            f"`{argument}` must hold numbers. "
            f"Received: {told if array.ndim else received(argument, values)}"
        )
    return array
