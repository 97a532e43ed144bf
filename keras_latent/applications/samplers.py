"""The samplers that come with trained weights."""

import json
from pathlib import Path
from typing import Any

from keras_latent.applications.weight_files import (
    CARD_FILE,
    saved_models_folder,
    sha256,
)
from keras_latent.models.latent_model import check_is_latent_model
from keras_latent.samplers.base import Sampler
from keras_latent.samplers.loading import SAMPLERS_FOLDER, load_sampler
from keras_latent.validation import MissingFileError, check_choice
from keras_latent.weights_hash import weights_hash


def list_samplers() -> dict[str, tuple[str, ...]]:
    """Give the names of the samplers that come with each trained model.

    >>> "conv_kl_autoencoder_pictures" in list_samplers()
    True
    """
    return {
        folder.name: tuple(card["samplers"])
        for folder, card in _cards()
        if card.get("samplers")
    }


def pretrained_sampler(model: Any, name: str | None = None) -> Sampler:
    """What was fitted to the codes of a pretrained model, and generates from them.

    Args:
        model: A whole model with the library's own weights, such as
            `ConvKLAutoencoder()`; its weights tell which of them it is.
        name: One of those that `list_samplers` shows for it. Defaults to `None`: the
            first, which is the best by the model's card.

    Returns:
        The sampler, fitted. Where labels steer it, `classes` holds them, and the card
        says what they mean.

    Raises:
        ValueError: If no sampler came with the weights of the model, or none of this
            name, or its file was truncated or altered.
        FileNotFoundError: If its file is missing.

    >>> from keras_latent.applications import ConvKLAutoencoder
    >>> sampler = pretrained_sampler(ConvKLAutoencoder(weights="pictures"))
    >>> sampler.classes.tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    """
    check_is_latent_model(model)
    given = weights_hash(model)
    for folder, card in _cards():
        known = card.get("samplers", {})
        if not known or card["model_hash"] != given:
            continue
        if name is None:
            name = next(iter(known))
        check_choice("name", name, known)
        return load_sampler(_whole_file(folder, name, known[name]["sha256"]), model)
    names = ", ".join(list_samplers())
    raise ValueError(
        "`model` must have weights with which a sampler came, unchanged: those of "
        f"{names}. Fit one of `kl.samplers` to others. Received: "
        f"model={getattr(model, 'name', model)!r} with weights of the hash {given}"
    )


def _cards() -> list[tuple[Path, dict[str, Any]]]:
    files = sorted(saved_models_folder().glob(f"*/{CARD_FILE}"))
    return [(file.parent, json.loads(file.read_text("utf-8"))) for file in files]


def _whole_file(folder: Path, name: str, expected: str) -> Path:
    file = folder / SAMPLERS_FOLDER / f"{name}.npz"
    if not file.is_file():
        raise MissingFileError(
            f"The sampler {name!r} of {folder.name!r} misses its file: looked for "
            f"{str(file)!r}. Take it from a checkout of keras_latent, or fit it there "
            f"by `python -m applications.samplers {folder.name} {name}`"
        )
    found = sha256(file)
    if found != expected:
        raise ValueError(
            f"The file of the sampler {name!r} must have the sha256 {expected}, but "
            f"was truncated or altered. Received: {str(file)!r} with {found}"
        )
    return file
