"""The report on a saved model, from its arguments to the page."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from keras_latent import datasets, reports
from keras_latent.cli.results import MEASURED
from keras_latent.cli.run_folder import COUNTERS
from keras_latent.models import LatentModel
from keras_latent.reports.report import check_can_be_written
from keras_latent.saving import load_model
from keras_latent.validation import check_in_range, check_positive_integer


def report(
    model: Path,
    dataset: str | None = None,
    output: Path | None = None,
    image_size: int | None = None,
    limit: int = 2000,
    seed: int = 0,
) -> None:
    """Write a report on a saved model.

    Args:
        model: A `.keras` file, or the folder of a run, whose `model.keras` is taken.
            The learning curves are those of a `history.csv` beside the model.
        dataset: A name that `datasets.load` takes. Defaults to `None`: what the run in
            whose folder the model lies was trained on, or else `"mnist"`.
        output: The page. Defaults to `None`: `report.html` beside the model.
        image_size: Side in pixels to which images are resized. Defaults to `None`:
            as in that run, or else their own size.
        limit: Images that the map of the codes shows at most. Defaults to 2000.
        seed: Of all that is drawn. Defaults to 0.

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If the model is damaged or of another kind, or an argument is wrong.
        OSError: If the page can't be written.
    """
    check_positive_integer("limit", limit)
    check_in_range("seed", seed, high=2**32 - 1)
    if image_size is not None:
        check_positive_integer("image_size", image_size)
    file = model / "model.keras" if model.is_dir() else model
    loaded = _load(file)
    path = output or file.with_name("report.html")
    check_can_be_written(path)
    if dataset is None:
        trained_on = _arguments_of_run(file.with_name("config.json"))
        dataset = trained_on.get("dataset", "mnist")
        image_size = image_size or trained_on.get("image_size")
    _check_fits(loaded, dataset, image_size)
    history = _read_history(file.with_name("history.csv"))

    console = Console()
    with console.status("Measuring and drawing; it may take a few minutes."):
        is_held_out = "test" in datasets.splits(dataset, image_size)
        split = "test" if is_held_out else "train"
        images, labels = _labelled(dataset, split, image_size)
        # Without a split apart, neighbours would be sought among the images themselves.
        known = _labelled(dataset, "train", image_size) if is_held_out else None
        name = Path(dataset).name
        reports.write_report(
            loaded,
            images,
            path,
            labels=labels,
            known=None if known is None or known[1] is None else known,
            history=history,
            title=f"{type(loaded).__name__} on {name}",
            data=f"{name}, split {split}",
            limit=limit,
            seed=seed,
        )
    console.print(f"The report is {path}", highlight=False, soft_wrap=True)


def _load(file: Path) -> LatentModel:
    model = load_model(file)
    if not isinstance(model, LatentModel):
        raise ValueError(
            "`model` must be a latent model of keras_latent. Received: "
            f"model={str(file)!r} of type {type(model).__name__}"
        )
    if not model.compiled:
        model.compile()  # For the terms of its loss.
    return model


def _check_fits(model: LatentModel, dataset: str, image_size: int | None) -> None:
    """Refuse a dataset whose images the model doesn't take."""
    example = model.example_observation()
    if isinstance(example, dict):
        raise ValueError(
            "`model` must take images. For one that takes a dict, call "
            "keras_latent.reports.write_report. "
            f"Received: a model of a dict of {sorted(example)}"
        )
    taken = example.shape[1:]
    given = datasets.image_shape(dataset, image_size)
    if given != taken:
        raise ValueError(
            f"`dataset` must hold images of the shape that the model takes, {taken}; "
            "--image-size resizes them. "
            f"Received: dataset={dataset!r} with images of shape {given}"
        )


def _labelled(
    dataset: str, split: str, image_size: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Images, and their labels if each has one class."""
    images, labels = datasets.arrays(dataset, split, image_size, limit=MEASURED)
    has_classes = labels.ndim == 1 and bool((labels >= 0).all())
    return images, labels if has_classes else None


def _arguments_of_run(file: Path) -> dict[str, Any]:
    """The arguments of the run that left this file; none if it isn't a run's."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8"))["arguments"])
    except (OSError, KeyError, TypeError, ValueError):
        return {}


def _read_history(file: Path) -> dict[str, list[float]] | None:
    """The logs by name, one value an epoch; `None` if there is no such file."""
    if not file.is_file():
        return None
    try:
        with open(file, newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, strict=True))
        return {
            name: [float("nan" if row[name] == "" else row[name]) for row in rows]
            for name in rows[0]
            if name not in COUNTERS or name == "epoch"
        }
    except (IndexError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(
            "`history.csv` beside the model must hold a name and then numbers in each "
            f"column. Received: {str(file)!r} ({error})"
        ) from error
