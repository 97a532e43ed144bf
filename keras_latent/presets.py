"""Trained models as folders that others can share: Keras's layout, with a card."""

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_latent
from keras_latent.applications.weight_files import CARD_FILE, WEIGHTS_FILE, sha256
from keras_latent.keras_internals import always_safely
from keras_latent.models import LatentModel
from keras_latent.models.latent_model import check_is_latent_model
from keras_latent.optional import imported
from keras_latent.preset_card import card_page
from keras_latent.saving import (
    check_weights_are_inside,
    folder_written_whole,
    reason_of,
)
from keras_latent.validation import checked_path

CONFIG_FILE = "config.json"
METADATA_FILE = "metadata.json"
CARD_PAGE = "README.md"
FILES = (CONFIG_FILE, METADATA_FILE, WEIGHTS_FILE, CARD_FILE, CARD_PAGE)
"""What the folder of a preset holds."""

HUB = "hf://"
"""How the names of repositories on the Hugging Face Hub begin."""

_HASHED = (CONFIG_FILE, WEIGHTS_FILE)


def save_to_preset(
    model: LatentModel,
    path: str | os.PathLike,
    data: str | None = None,
    license: str | None = None,
    measures: Mapping[str, float] | None = None,
) -> None:
    """Write a model to a folder that can be shared, whole or not at all.

    The folder holds what keras-hub and `keras.saving.load_model` expect, `config.json`,
    `metadata.json` and `model.weights.h5`, and a card: `card.json` with the SHA-256 of
    config and weights, and `README.md`, which the Hugging Face Hub shows.
    `huggingface-cli upload USER/NAME FOLDER` uploads it.

    Args:
        model: A latent model.
        path: The folder; a preset that stands there is replaced.
        data: What it was trained on, for the card. Defaults to `None`: not said.
        license: The identifier of the weights' license, such as `"apache-2.0"`.
            Defaults to `None`: not said.
        measures: Numbers to show, by what they are. Defaults to `None`.

    Raises:
        ValueError: If it isn't a latent model, the card can't hold an argument, or
            something else stands at `path`.
        OSError: If the folder can't be written.

    >>> import tempfile
    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_to_preset(model, Path(folder) / "tiny", data="nothing yet")
    ...     loaded = from_preset(Path(folder) / "tiny")
    >>> loaded.latent_dim
    2
    """
    check_is_latent_model(model)
    if str(path).startswith(HUB):
        raise ValueError(
            "`path` must be a folder, which `huggingface-cli upload USER/NAME FOLDER` "
            f"uploads. Received: path={str(path)!r}"
        )
    for name, text in {"data": data, "license": license}.items():
        if text is not None and not isinstance(text, str):
            raise ValueError(f"`{name}` must be a text. Received: {name}={text!r}")
    measures = _checked_measures(measures)
    with folder_written_whole(path, FILES) as folder:
        _write_parts(model, folder)
        file = folder / METADATA_FILE
        metadata = json.loads(file.read_text(encoding="utf-8"))
        metadata["keras_latent_version"] = keras_latent.__version__
        metadata["parameter_count"] = model.count_params()
        _write_json(file, metadata)
        card = {
            "name": Path(path).absolute().name,
            "variant": type(model).__name__,
            "code_shape": list(model.code_shape),
            "parameters": model.count_params(),
            "observation": keras.tree.map_structure(
                lambda column: [*column.shape[1:]], model.decoder_spec.observation
            ),
            "data": data,
            "license": license,
            "measures": measures,
            "versions": {
                "keras_latent": keras_latent.__version__,
                "keras": keras.__version__,
            },
            "sha256": {name: sha256(folder / name) for name in _HASHED},
        }
        _write_json(folder / CARD_FILE, card)
        (folder / CARD_PAGE).write_text(card_page(card), encoding="utf-8")


def from_preset(path: str | os.PathLike, compile: bool = True) -> LatentModel:
    """Load a model that `save_to_preset` wrote, in safe mode, if its hash is right.

    Args:
        path: The folder, or `"hf://USER/NAME"`, which is downloaded from the Hugging
            Face Hub (extra `hub`) or taken from its cache.
        compile: Whether to restore the optimizers, too. Defaults to `True`.

    Returns:
        The model.

    Raises:
        FileNotFoundError: If there is no such folder, or a file is missing in it.
        ValueError: If a hash differs from the card's, or the model isn't one of this
            library that Keras loads in safe mode.
        ImportError: If it is on the hub, and huggingface_hub isn't installed.
        OSError: If it is on the hub, and can't be downloaded.
    """
    folder = checked_path("path", path)
    if str(path).startswith(HUB):
        folder = _downloaded(str(path))
    _check_is_whole(folder, path)
    try:
        check_weights_are_inside(folder / WEIGHTS_FILE)
        with always_safely():
            model = keras.saving.load_model(folder, compile=compile, safe_mode=True)
    except Exception as error:  # Of any kind, and without the name of the folder.
        raise ValueError(
            "`path` must be a preset that Keras can load in safe mode. "
            f"Received: path={str(path)!r}, which it can't: {reason_of(error)}"
        ) from error
    if not isinstance(model, LatentModel):
        raise ValueError(
            "`path` must be a preset of a latent model. "
            f"Received: path={str(path)!r} with a {type(model).__name__}"
        )
    return model


def _checked_measures(measures: Any) -> dict[str, float]:
    """Measures as JSON holds them, those of NumPy, too."""
    if measures is None:
        return {}
    if not isinstance(measures, Mapping):
        raise ValueError(
            "`measures` must be a dict of numbers by what they are. "
            f"Received: measures={measures!r}"
        )
    for what, value in measures.items():
        is_number = np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biuf"
        if not isinstance(what, str) or not is_number or not np.isfinite(float(value)):
            raise ValueError(
                "`measures` must hold finite numbers by what they are. "
                f"Received: measures with {what!r}: {value!r}"
            )
    return {what: float(value) for what, value in measures.items()}


def _write_parts(model: LatentModel, folder: Path) -> None:
    """Write what a `.keras` file holds, one file each.

    HDF5 itself leaves the process broken where a disk is full; Keras puts it into an
    archive from memory.

    Raises:
        ValueError: If layers of the model write files of their own.
    """
    archive_file = folder / "model.keras"
    model.save(archive_file)
    with zipfile.ZipFile(archive_file) as archive:
        names = {own.filename for own in archive.infolist() if not own.is_dir()}
        if others := sorted(names - set(FILES)):
            raise ValueError(
                "`model` must have no layers with files of their own, such as "
                f"vocabularies. Received: a model with {others}"
            )
        for name in names:
            (folder / name).write_bytes(archive.read(name))
    archive_file.unlink()


def _downloaded(path: str) -> Path:
    hub = imported("huggingface_hub", f"`path` {path!r}", "hub")
    name = path.removeprefix(HUB)
    if name.count("/") != 1:
        raise ValueError(f"`path` must be '{HUB}USER/NAME'. Received: path={path!r}")
    try:
        return Path(hub.snapshot_download(repo_id=name, allow_patterns=list(FILES)))
    except Exception as error:  # Of any kind: those of the network are others' own.
        raise OSError(
            "`path` must be on the Hugging Face Hub, with a network that reaches it, "
            f"or in its cache. Received: path={path!r} ({reason_of(error)})"
        ) from error


def _check_is_whole(folder: Path, path: Any) -> None:
    """Refuse a folder in which a file is missing, or isn't what its card says."""
    if not folder.is_dir():
        found = "a file" if folder.is_file() else "no such folder"
        raise FileNotFoundError(
            "`path` must be the folder of a preset; `keras_latent.load_model` loads a "
            f"`.keras` file. Received: path={str(path)!r}, {found}"
        )
    for name in FILES[:-1]:
        if not (folder / name).is_file():
            raise FileNotFoundError(
                "`path` must be a whole preset, as `save_to_preset` writes it. "
                f"Received: path={str(path)!r}, without {name}"
            )
    try:
        hashes = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))["sha256"]
        expected = {name: hashes[name] for name in _HASHED}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"`path` must have a whole card. Received: path={str(path)!r}, whose "
            f"{CARD_FILE} can't be read: {error!r}"
        ) from error
    for name, hash in expected.items():
        found = sha256(folder / name)
        if found != hash:
            raise ValueError(
                f"`path` must have a {name} of the sha256 that its card says, {hash}; "
                "it was truncated or altered. "
                f"Received: path={str(path)!r} with {found}"
            )


def _write_json(file: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")
