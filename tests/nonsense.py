"""Calls with nonsense in the place of one argument."""

import inspect
import re

import pytest

VALUES = {"None": None, "text": "nonsense", "object": object(), "number": -0.5}


def every_argument(calls, allowed=()):
    """Parameters for a test: a function, good arguments, one of them, and a bad value.

    Args:
        calls: Pairs of a function and good arguments, all that it takes.
        allowed: Triples of a function's name, an argument and the name of a value of
            `VALUES` that is none for it.
    """
    cases = []
    for function, good in calls:
        parameters = inspect.signature(function).parameters
        assert set(parameters) == set(good), function.__name__
        for argument, parameter in parameters.items():
            for name, value in VALUES.items():
                is_default = value is None and parameter.default is None
                if is_default or (function.__name__, argument, name) in allowed:
                    continue
                label = f"{function.__name__}-{argument}-{name}"
                cases.append(pytest.param(function, good, argument, value, id=label))
    return pytest.mark.parametrize(("function", "good", "argument", "value"), cases)


def assert_told(function, good, argument, value):
    """The message names the argument and tells what it got."""
    pattern = rf"(?s)`{re.escape(argument)}(\[.*\])?` .*Received: "
    with pytest.raises(ValueError, match=pattern):
        function(**{**good, argument: value})
