"""A saved model, and what its run says of the images that it takes."""

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from keras_latent import datasets
from keras_latent.cli.arguments import open_data
from keras_latent.cli.run_folder import RunFolder
from keras_latent.datasets.source import ImageSize, height_and_width
from keras_latent.models import LatentModel
from keras_latent.renamed_errors import arguments_called
from keras_latent.saving import load_model
from keras_latent.validation import MissingFileError


class SavedRun:
    """A saved model, best in the folder of its run.

    Args:
        path: A `.keras` file, or the folder of a run, whose `model.keras` is taken.

    Attributes:
        file: The `.keras` file.
        arguments: Those of the run in whose folder the model lies; none of another.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If the model is damaged or of another kind.
    """

    def __init__(self, path: Path) -> None:
        self.file = _file(path) if path.is_dir() else path
        self.model = _load(self.file)
        self.arguments: dict[str, Any] = self._config.get("arguments", {})

    def was_trained_on(self, dataset: str | None) -> bool:
        """Whether the data that `open` is asked for is the run's own."""
        return dataset is None and bool(self.arguments)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes of the run's data; none if they aren't known."""
        data = self._config.get("data")
        return tuple(data.get("class_names", ())) if isinstance(data, dict) else ()

    def open(
        self, dataset: str | None = None, image_size: ImageSize | None = None
    ) -> datasets.OpenedDataset:
        """Open the run's data, or other data as the run opened its own.

        Args:
            dataset: A name or a folder. Defaults to `None`: the run's data, with the
                same images held out; or `"mnist"` of what is no run.
            image_size: Size in pixels. Defaults to `None`: the run's, or what the model
                takes where the data is another.
        """
        config = dict(self.arguments)
        if image_size is not None:
            config["image_size"] = height_and_width(image_size)
        if dataset is not None and os.path.isdir(os.path.expanduser(dataset)):
            own = dataset in datasets.DATASETS
            dataset = dataset if own else os.path.abspath(os.path.expanduser(dataset))
        if dataset is not None and dataset != config.get("dataset"):
            config["validation_split"] = 0.0
            if image_size is None and config.get("image_size") is None:
                config["image_size"] = self._taken
        if dataset is not None and not dataset.strip():
            raise ValueError(
                "`folder` must be the path of a folder or the name of a dataset. "
                f"Received: folder={dataset!r}"
            )
        if dataset is None:
            dataset = config.get("dataset", "mnist")
        return open_data(dataset, config)

    def open_fitting(
        self, dataset: str | None = None, image_size: ImageSize | None = None
    ) -> datasets.OpenedDataset:
        """Open data as `open` does, of which the model takes the images.

        Args:
            dataset: As for `open`.
            image_size: As for `open`.

        Raises:
            ValueError: If they have another shape, or the model takes no images.
        """
        opened = self.open(dataset, image_size)
        _check_fits(self.model, opened)
        return opened

    @property
    def _taken(self) -> tuple[int, ...] | None:
        """The `(height, width)` that the model takes, if it takes images."""
        observed = self.model.target(self.model.example_observation())
        if isinstance(observed, dict) or observed.ndim != 4:
            return None
        return observed.shape[1:3]

    @cached_property
    def _config(self) -> dict[str, Any]:
        try:
            text = self.file.with_name("config.json").read_text(encoding="utf-8")
            config = dict(json.loads(text))
            dict(config["arguments"])
        except (OSError, KeyError, TypeError, ValueError):
            return {}
        return config


def _file(folder: Path) -> Path:
    """The model of the run in a folder.

    Raises:
        FileNotFoundError: If there is none.
    """
    run = RunFolder(folder)
    if run.model_file.is_file():
        return run.model_file
    if run.config_file.is_file():
        why = (
            "in which an epoch was ended: this one was stopped before, and begins anew "
            f"by `keras-latent resume {folder}`"
        )
    elif within := sorted(folder.glob(f"*/{run.model_file.name}")):
        why = f"such as {str(within[0].parent)!r} in it"
    else:
        why = f"which holds a {run.model_file.name}"
    raise MissingFileError(
        f"`model` must be a .keras file or the folder of a run, {why}. "
        f"Received: model={str(folder)!r}, a folder without {run.model_file.name}"
    )


def _load(file: Path) -> LatentModel:
    with arguments_called(path="model"):
        model = load_model(file)
    if not isinstance(model, LatentModel):
        raise ValueError(
            "`model` must be a latent model of keras_latent. Received: "
            f"model={str(file)!r} of type {type(model).__name__}"
        )
    if not model.compiled:
        model.compile()  # For the terms of its loss.
    return model


def _check_fits(model: LatentModel, dataset: datasets.OpenedDataset) -> None:
    """Refuse a dataset whose images the model doesn't take.

    Raises:
        ValueError: If they have another shape, or the model takes no images.
    """
    observed = model.target(model.example_observation())
    if isinstance(observed, dict):
        raise ValueError(
            "`model` must take images. For one that takes a dict, call "
            "keras_latent.reports.write_report. "
            f"Received: a model of a dict of {sorted(observed)}"
        )
    taken = observed.shape[1:]
    given = dataset.image_shape
    if given != taken:
        raise ValueError(
            f"`dataset` must hold images of the shape that the model takes, {taken}; "
            "--image-size resizes them. "
            f"Received: dataset={dataset.name!r} with images of shape {given}"
        )
