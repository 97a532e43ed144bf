"""The files of trained weights: where they are, and whether they are whole."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import keras

import keras_latent
from keras_latent.saving import check_weights_are_inside
from keras_latent.validation import MissingFileError, what_stands_at

WEIGHTS_FILE = "model.weights.h5"
CARD_FILE = "card.json"

DATASETS = ("mnist", "emoji", "pictures")
"""The data that weights are named by; `"pictures"` are emoji and icons together."""


class PretrainedWeights(NamedTuple):
    """Weights that come with the library.

    Args:
        name: The data that they were trained on.
        file: The file of weights.
        sha256: What the file's hash must be.
        image_shape: (height, width, channels) of the images.
        latent_dim: Number of dimensions of the code.
    """

    name: str
    file: Path
    sha256: str
    image_shape: tuple[int, int, int]
    latent_dim: int


def saved_models_folder() -> Path:
    """The folder `saved_models`: beside the package, or inside it when installed."""
    package = Path(keras_latent.__file__).parent
    installed = package / "saved_models"
    return installed if installed.is_dir() else package.parent / "saved_models"


def known_weights(architecture: str) -> tuple[str, ...]:
    """The names of the weights that exist for an architecture, such as `"conv_vae"`."""
    folder = saved_models_folder()
    return tuple(
        name for name in DATASETS if (folder / f"{architecture}_{name}").is_dir()
    )


def find(architecture: str, name: str) -> PretrainedWeights:
    """Find weights of an architecture by the name of their data.

    Raises:
        FileNotFoundError: If a file is missing; the message says how to make it.
    """
    folder = saved_models_folder() / f"{architecture}_{name}"
    for file in (folder / CARD_FILE, folder / WEIGHTS_FILE):
        if not file.is_file():
            raise MissingFileError(
                f"`weights` {name!r} of {architecture!r} miss a file: looked for "
                f"{str(file)!r}. Take it from a checkout of keras_latent, or train it "
                f"there by `python -m applications.{architecture}_{name}`"
            )
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        height, width, channels = card["image_shape"]
        return PretrainedWeights(
            name,
            folder / WEIGHTS_FILE,
            card["sha256"],
            (height, width, channels),
            card["latent_dim"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"`weights` {name!r} must have a whole card. "
            f"Received: {str(folder / CARD_FILE)!r}, which can't be read: {error!r}"
        ) from error


def is_path(weights: Any) -> bool:
    """Whether this can only be meant as the path of a file of weights."""
    return isinstance(weights, os.PathLike) or (
        isinstance(weights, str) and (weights.endswith(".h5") or os.sep in weights)
    )


def load(
    model: keras.Model, path: str | os.PathLike, own: PretrainedWeights | None = None
) -> None:
    """Load a file of weights into a model.

    Args:
        model: A model of the architecture that the weights were made by.
        path: The file.
        own: What is known of the file, if it is the library's own.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not what it was when it was made, or doesn't fit.
    """
    path = Path(os.path.expanduser(path))
    if not path.is_file():
        raise MissingFileError(
            "`weights` must be the path of a file of weights. "
            f"Received: weights={str(path)!r}, {what_stands_at(path)}"
        )
    if own is not None:
        found = sha256(path)
        if found != own.sha256:
            raise ValueError(
                f"`weights` {own.name!r}: their file must have the sha256 "
                f"{own.sha256}, but was truncated or altered. "
                f"Received: {str(path)!r} with {found}"
            )
    if not path.name.endswith(".weights.h5"):
        raise ValueError(
            "`weights` must be a file that `save_weights` wrote, with the ending "
            f"'.weights.h5'. Received: weights={str(path)!r}"
        )
    try:
        check_weights_are_inside(path)
        model.load_weights(path)
    except Exception as error:  # Of any kind, where the file is damaged.
        raise ValueError(
            f"`weights` must fit {model.name!r}: the same architecture, `input_shape` "
            f"and `latent_dim`. Received: weights={str(path)!r}, which doesn't: {error}"
        ) from error


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
