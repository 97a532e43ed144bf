"""Which cases of a test are run always, and which in `make test-all` alone."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def rarely(*values: Any) -> list[Any]:
    """Values of a parameter that the tier `all` adds: they repeat what others show."""
    return [pytest.param(value, marks=pytest.mark.all) for value in values]


def rarely_together(*settings: tuple[Any, ...]) -> list[Any]:
    """The same for tests of several parameters."""
    return [pytest.param(*values, marks=pytest.mark.all) for values in settings]


def in_two_tiers(values: Iterable[Any], always: Collection[Any]) -> list[Any]:
    """Each of the values; those that aren't named are of the tier `all`.

    Raises:
        ValueError: If something is named that isn't among them: nothing would be run.
    """
    values = list(values)
    unknown = [value for value in always if value not in values]
    if unknown:
        raise ValueError(f"`always` must be among the values. Received: {unknown}")
    return [value if value in always else rarely(value)[0] for value in values]
