"""Errors of a function in the words of the one that calls it."""

import contextlib
import re
from collections.abc import Iterator


@contextlib.contextmanager
def arguments_called(**names: str) -> Iterator[None]:
    """Let errors of a function speak of the arguments of the one that calls it.

    Args:
        **names: An argument's name there → its name here.

    >>> with arguments_called(path="output"):
    ...     raise ValueError("`path` must be a file. Received: path='x'")
    Traceback (most recent call last):
    ...
    ValueError: `output` must be a file. Received: output='x'
    """
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        message = str(error)
        for name, other in names.items():
            message = renamed(message, name, other)
        if message == str(error):
            raise
        raise type(error)(message) from error


def renamed(message: str, name: str, other: str) -> str:
    """A message that calls an argument otherwise.

    >>> renamed("`x` must be 1. Received: x=2", "x", "y")
    '`y` must be 1. Received: y=2'
    >>> renamed("`x` must be one number. Received: x of shape (2,)", "x", "y")
    '`y` must be one number. Received: y of shape (2,)'
    """
    message = message.replace(f"`{name}`", f"`{other}`")
    said, received, values = message.partition("Received: ")
    values = re.sub(
        rf"(^|, | and | beside | with ){re.escape(name)}\b",
        lambda found: f"{found[1]}{other}",
        values,
    )
    return said + received + values
