"""Errors in the words of the command line: options, not Python's arguments."""

import re
from collections.abc import Mapping, Sequence

from keras_latent import models
from keras_latent.cli.settings import plain_arguments
from keras_latent.renamed_errors import renamed

_PARTS = ("likelihood", "posterior", "prior")
_SETTING = re.compile(r"(?:--set=)?([\w.]+)\s*=")


def in_options(
    message: str, options: Mapping[str, str], words: Sequence[str] = ()
) -> str:
    """Say an error in terms of options.

    Args:
        message: That of an error of the library.
        options: Those of the command: Python's name → what is typed.
        words: What was typed. Defaults to none.

    >>> in_options("`epochs` must be. Received: epochs=0", {"epochs": "--epochs"})
    '`--epochs` must be. Received: --epochs=0'
    >>> in_options("`epochs` must be", {"set_": "--set"}, ["--set", "epochs=0"])
    '`--set epochs` must be'
    """
    message = message.replace("`skip_bad=True`", "`--skip-bad`")
    for name, option in _said_as(options, words).items():
        message = renamed(message, name, option)
    return message


def _said_as(options: Mapping[str, str], words: Sequence[str]) -> dict[str, str]:
    """Python's names, with what they are called on the command line."""
    names = {}
    if "set_" in options:
        names = {
            name: f"--set {name}"
            for variant in models.VARIANTS.values()
            for name in plain_arguments(variant)
        }
        names |= {part: f"--set {part}" for part in _PARTS}
        names["set"] = "--set"
    names |= options
    # What opens a dataset calls it by its name.
    names["name"] = options.get("dataset", "folder")
    if "set_" in options:
        names |= _typed(words)
    return names


def _typed(words: Sequence[str]) -> dict[str, str]:
    """The arguments that were set, with what was typed."""
    typed = {}
    for before, word in zip(["", *words], words, strict=False):
        found = _SETTING.match(word)
        if found and (before == "--set" or word.startswith("--set=")):
            typed[found[1].rpartition(".")[2]] = f"--set {found[1]}"
    return typed
