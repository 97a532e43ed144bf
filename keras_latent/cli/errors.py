"""Errors in the words of the command line: options, not Python's arguments."""

import re

from keras_latent import models
from keras_latent.cli.settings import plain_arguments

_OPTIONS = (
    *("epochs", "steps", "batch_size", "latent_dim", "learning_rate", "image_size"),
    *("seed", "strategy", "features", "validation_split", "fit", "background", "cache"),
    *("augment", "set", "output", "dataset", "limit", "count", "skip_bad", "normal"),
    *("seeds", "sampler", "labels", "format", "part", "int8"),
    *("static", "split", "projection", "port"),
)
_OTHER_NAMES = {"name": "dataset"}
_PARTS = ("likelihood", "posterior", "prior")


def in_options(message: str) -> str:
    """Say an error in terms of options.

    Args:
        message: That of an error of the library.

    >>> in_options("`epochs` must be a positive integer. Received: epochs=0")
    '`--epochs` must be a positive integer. Received: --epochs=0'
    >>> in_options("`skip_bad=True` leaves the others out")
    '`--skip-bad` leaves the others out'
    """
    message = message.replace("`skip_bad=True`", "`--skip-bad`")
    for name, option in _said_as().items():
        message = message.replace(f"`{name}`", f"`{option}`")
        message = re.sub(
            rf"(Received: (?:[^=]*, )?){re.escape(name)}=", rf"\1{option}=", message
        )
    return message


def _said_as() -> dict[str, str]:
    """Python's names, with what they are called on the command line."""
    names = {
        name: f"--set {name}"
        for variant in models.VARIANTS.values()
        for name in plain_arguments(variant)
    }
    names |= {part: f"--set {part}" for part in _PARTS}
    names |= {name: f"--{name.replace('_', '-')}" for name in _OPTIONS}
    return names | _OTHER_NAMES
