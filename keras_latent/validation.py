"""Checks of arguments: one function for each kind, one form of message."""

import difflib
import math
import numbers
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_latent.kinds import as_numeric_array

_MOST = 2**63
"""What integers of tensors stay below."""

_GREATEST = float(np.finfo("float32").max)


class MissingFileError(FileNotFoundError, ValueError):
    """A file that an argument names, or stands for, isn't there."""


def check_choice(
    argument: str, value: Any, choices: Iterable[Any], advice: str = ""
) -> None:
    """Refuse a value that is not one of the choices.

    Args:
        argument: The argument's name, for the message.
        value: What the caller gave.
        choices: What is allowed.
        advice: A sentence for the message. Defaults to `""`: none.

    Raises:
        ValueError: If `value` is not among `choices`.

    >>> check_choice("split", "dev", ["train", "test"])
    Traceback (most recent call last):
    ...
    ValueError: `split` must be one of 'train', 'test'. Received: split='dev'
    """
    choices = list(choices)
    if not _is_among(value, choices):
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(
            f"`{argument}` must be one of {listed}.{meant(value, choices)} "
            f"{advice and advice + ' '}Received: {argument}={value!r}"
        )


def _is_among(value: Any, choices: list[Any]) -> bool:
    try:
        return bool(value in choices)
    except Exception:  # Of an array, each element would be compared.
        return False


def meant(value: Any, choices: Iterable[Any]) -> str:
    """A question about a name that is nearly one of the choices; empty of others.

    >>> meant("gausian", ["bernoulli", "gaussian"])
    " Did you mean 'gaussian'?"
    """
    if not isinstance(value, str):
        return ""
    names = [choice for choice in choices if isinstance(choice, str)]
    near = difflib.get_close_matches(value, sorted(names))
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


def check_positive_integer(argument: str, value: Any) -> None:
    """Refuse what is not an integer of at least 1.

    Raises:
        ValueError: If `value` is not a positive integer.
    """
    checked_positive_integer(argument, value)


def is_integer(value: Any) -> bool:
    """Whether this is an integer, Python's or NumPy's, and no truth value.

    >>> is_integer(np.int64(4)), is_integer(True), is_integer(4.0)
    (True, False, False)
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def are_positive_integers(value: Any) -> bool:
    """Whether this is a sequence, or an array, of integers of at least 1, or of none.

    >>> are_positive_integers(np.array([4, 2])), are_positive_integers([4, 0])
    (True, False)
    """
    is_listed = isinstance(value, list | tuple) or np.ndim(value) == 1
    return is_listed and all(is_integer(size) and size >= 1 for size in value)


def checked_positive_integer(argument: str, value: Any) -> int:
    """An integer of at least 1, as Keras's layers and JSON take it: never NumPy's.

    Raises:
        ValueError: If `value` is not a positive integer.

    >>> checked_positive_integer("latent_dim", np.int64(4))
    4
    >>> checked_positive_integer("latent_dim", 0)
    Traceback (most recent call last):
    ...
    ValueError: `latent_dim` must be a positive integer. Received: latent_dim=0
    """
    if not is_integer(value) or value < 1:
        raise ValueError(
            f"`{argument}` must be a positive integer. Received: {argument}={value!r}"
        )
    if value >= _MOST:
        raise ValueError(
            f"`{argument}` must be a positive integer below 2^63, which tensors hold. "
            f"Received: {argument} of {int(value).bit_length()} bits"
        )
    return int(value)


def checked_positive_integers(
    argument: str, value: Any, each: str = ""
) -> tuple[int, ...]:
    """Integers of at least 1, in a sequence or an array of them.

    Args:
        argument: The argument's name.
        value: What was given for it.
        each: What each of them is of, for the message. Defaults to nothing.

    Raises:
        ValueError: If `value` is no sequence of positive integers.

    >>> checked_positive_integers("code_sizes", [2, 0], "one for each level")
    Traceback (most recent call last):
    ...
    ValueError: `code_sizes` must be a sequence of positive integers, one for each
    level. Received: code_sizes=[2, 0]
    """
    if not are_positive_integers(value):
        raise ValueError(
            f"`{argument}` must be a sequence of positive integers"
            f"{f', {each}' if each else ''}. Received: {argument}={value!r}"
        )
    return tuple(checked_positive_integer(argument, size) for size in value)


def checked_switch(argument: str, value: Any) -> bool:
    """A switch, which is on or off and nothing else.

    Raises:
        ValueError: If `value` is neither `True` nor `False`.

    >>> checked_switch("global_batch", "yes")
    Traceback (most recent call last):
    ...
    ValueError: `global_batch` must be True or False. Received: global_batch='yes'
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(
            f"`{argument}` must be True or False. Received: {argument}={value!r}"
        )
    return bool(value)


def checked_seed(seed: Any) -> int:
    """The seed of a generator, which NumPy and Keras take alike.

    Raises:
        ValueError: If `seed` isn't an integer of at least 0 that fits 63 bits.

    >>> checked_seed(-1)
    Traceback (most recent call last):
    ...
    ValueError: `seed` must be an integer in [0, 2^63). Received: seed=-1
    """
    if not is_integer(seed) or not 0 <= seed < _MOST:
        raise ValueError(
            f"`seed` must be an integer in [0, 2^63). Received: seed={seed!r}"
        )
    return int(seed)


def checked_optional_seed(seed: Any) -> int | None:
    """The seed of a generator that may seed itself.

    Raises:
        ValueError: If `seed` is neither `None` nor what `checked_seed` takes.

    >>> checked_optional_seed(None)
    """
    return None if seed is None else checked_seed(seed)


def checked_path(argument: str, value: Any) -> Path:
    """The path of a file or folder.

    Raises:
        ValueError: If `value` is neither text nor a path, or is empty.

    >>> checked_path("path", None)
    Traceback (most recent call last):
    ...
    ValueError: `path` must be the path of a file or folder. Received: path=None
    """
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ValueError(
            f"`{argument}` must be the path of a file or folder. "
            f"Received: {argument}={value!r}"
        )
    return Path(value)


def what_stands_at(path: Path) -> str:
    """What stands where a file should: a folder or nothing, for a message.

    >>> what_stands_at(Path("."))
    'a folder'
    >>> what_stands_at(Path("nothing.keras"))
    'no such file'
    """
    return "a folder" if path.is_dir() else "no such file"


def check_in_range(
    argument: str, value: Any, low: float = 0.0, high: float = math.inf
) -> None:
    """Refuse what is not a finite number in [low, high].

    Raises:
        ValueError: If `value` is not a number, not finite, or outside the range.

    >>> check_in_range("rate", 1.5, 0, 1)
    Traceback (most recent call last):
    ...
    ValueError: `rate` must be a number in [0, 1]. Received: rate=1.5
    """
    if not _is_finite(value) or not low <= value <= high:
        raise ValueError(
            f"`{argument}` must be a number in [{low:g}, {high:g}]. "
            f"Received: {argument}={value!r}"
        )
    _check_float32(argument, value)


def check_between(argument: str, value: Any, low: float, high: float) -> None:
    """Refuse what is not a number in (low, high), the ends left out.

    Raises:
        ValueError: If `value` is not a number, not finite, or outside the range.

    >>> check_between("step_size", 0.5, 0, 0.5)
    Traceback (most recent call last):
    ...
    ValueError: `step_size` must be a number between 0 and 0.5. Received: step_size=0.5
    """
    if not _is_finite(value) or not low < value < high:
        raise ValueError(
            f"`{argument}` must be a number between {low:g} and {high:g}. "
            f"Received: {argument}={value!r}"
        )
    _check_float32(argument, value)


def _check_float32(argument: str, value: Any) -> None:
    """Refuse finite numbers that a step would compute with as infinite ones."""
    if abs(float(value)) > _GREATEST:
        raise ValueError(
            f"`{argument}` must be a number between {-_GREATEST:.3g} and "
            f"{_GREATEST:.3g}, which float32 holds. "
            f"Received: {argument}={float(value):g}"
        )


def _is_finite(value: Any) -> bool:
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # An integer greater than any float.
        return False


def check_some_rows(argument: str, shape: Sequence[int | None]) -> None:
    """Refuse what has no row.

    Raises:
        ValueError: If `shape` begins with 0.

    >>> check_some_rows("z", (0, 2))
    Traceback (most recent call last):
    ...
    ValueError: `z` must hold at least one row. Received: z of shape (0, 2)
    """
    if shape[0] == 0:
        raise ValueError(
            f"`{argument}` must hold at least one row. "
            f"Received: {argument} of shape {tuple(shape)}"
        )


def check_has_prior(model: Any) -> None:
    """Refuse a model without a prior to draw from.

    Raises:
        ValueError: If the model has none.
    """
    if not getattr(model, "has_prior", False):
        raise ValueError(
            "`model` must have a prior to draw from. "
            f"Received: model={type(model).__name__}, which has none"
        )


UNIT_TOLERANCE = 1e-6
"""What rounding may leave of values at the ends of [0, 1]."""


def check_unit_range(argument: str, images: Any) -> None:
    """Refuse images that don't lie in [0, 1].

    Args:
        argument: The argument's name, for the message.
        images: Array of any shape; an empty one is passed.

    Raises:
        ValueError: If a value is below 0, above 1 or NaN.

    >>> check_unit_range("images", [[-1.0, 1.0]])
    Traceback (most recent call last):
    ...
    ValueError: `images` must lie in [0, 1]. Received: images with minimum=-1, maximum=1
    """
    array = as_numeric_array(argument, images)
    if not array.size:
        return
    low, high = float(array.min()), float(array.max())
    if not -UNIT_TOLERANCE <= low <= high <= 1 + UNIT_TOLERANCE:
        raise ValueError(
            f"`{argument}` must lie in [0, 1]. "
            f"Received: {argument} with minimum={low:.9g}, maximum={high:.9g}"
        )
