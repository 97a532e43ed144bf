"""What a run leaves in its folder once it has trained: figures, numbers, advice."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from rich.console import Console

from keras_latent import datasets, models, plots
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.run_folder import COUNTERS, RunFolder
from keras_latent.datasets.source import Source
from keras_latent.latent_space import sample_rows
from keras_latent.reports.advice import advice
from keras_latent.reports.examples import SourceExamples
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.results import NEIGHBOURS
from keras_latent.saving import write_text
from keras_latent.typing import Observation

SHOWN = 20
"""Images of which figures are drawn, and that are followed in TensorBoard."""

_COMPARED = 1000
"""Images among which the worst and the best are looked for."""


def final_split(dataset: datasets.OpenedDataset) -> str:
    """The split of the last numbers: `"test"`, or else `"validation"`, or else all."""
    return next(
        name for name in ("test", "validation", "train") if name in dataset.splits
    )


def split_in_words(
    dataset: datasets.OpenedDataset, split: str, is_of_the_run: bool
) -> str:
    """What a split is called on a page, and whether the run has seen it.

    Args:
        dataset: Any data.
        split: The name of a split, without a slice.
        is_of_the_run: Whether the run was trained on its split `"train"`.
    """
    held_out = ", held out from training" if is_of_the_run and split != "train" else ""
    return f"the split {split} of {Path(dataset.name).name}{held_out}"


def checked_split(dataset: datasets.OpenedDataset, name: str) -> Source:
    """A split whose files have been decoded once."""
    source = dataset.split(name)
    source.check()
    return source


def observations(
    model: models.LatentModel,
    dataset: datasets.OpenedDataset,
    split: str,
    most: int,
    seed: int,
) -> Observation:
    """What the model encodes, of some examples of a split that a seed draws."""
    source = checked_split(dataset, split)
    part = source.take(sample_rows(source.size, most, seed))
    return SourceExamples(part, model).take(slice(None))


def draws_samples(model: models.LatentModel) -> bool:
    """Whether images can be drawn from the prior, without being told a condition."""
    return model.has_prior and model.condition is None


def reported_model(
    model: models.LatentModel, dataset: datasets.OpenedDataset, limit: int, seed: int
) -> ReportedModel:
    """A model with the images that its last numbers are measured on.

    Args:
        model: A trained model.
        dataset: Its data.
        limit: Images on the map of the codes.
        seed: Of all that is drawn.
    """
    split = final_split(dataset)
    # Without a split apart, neighbours would be looked for among the images themselves.
    known = None if split == "train" else checked_split(dataset, "train")
    return ReportedModel(
        model,
        checked_split(dataset, split),
        None,
        known,
        dataset.class_names or None,
        limit,
        seed,
    )


def conclude(
    model: models.LatentModel,
    arguments: Arguments,
    dataset: datasets.OpenedDataset,
    folder: RunFolder,
    rows: list[dict[str, float]],
    console: Console,
) -> None:
    """Draw, measure and say what a run has come to.

    Args:
        model: The trained model.
        arguments: What defines the run.
        dataset: Its data.
        folder: Gets the figures and the numbers.
        rows: The logs of each epoch.
        console: Where to say the numbers and what they mean.
    """
    reported = reported_model(model, dataset, limit=_COMPARED, seed=arguments.seed)
    history = history_of(rows)
    write_figures(reported, dataset, folder, history)
    for name, value in measure(reported, final_split(dataset), folder).items():
        shown = value if isinstance(value, str) else f"{value:.4g}"
        console.print(f"{name}: {shown}", highlight=False, soft_wrap=True, markup=False)
    for sentence in advice(reported, history):
        console.print(f"- {sentence}", highlight=False, soft_wrap=True, markup=False)


def history_of(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    """The logs by their names, one value an epoch."""
    logs = [name for name in rows[-1] if name not in COUNTERS]
    return {name: [row[name] for row in rows] for name in logs}


def write_figures(
    reported: ReportedModel,
    dataset: datasets.OpenedDataset,
    folder: RunFolder,
    history: Mapping[str, list[float]],
) -> None:
    """Draw what the model reconstructs, and generates, and how its losses ran.

    Args:
        reported: The trained model and its images.
        dataset: Its data.
        folder: Gets the figures.
        history: The logs by their names.
    """
    model = reported.model
    images = reported.examples.take(reported.order[:SHOWN])
    best_first = np.argsort(reported.errors, kind="stable")
    extremes = np.unique([*best_first[:10], *best_first[-10:]])
    figures = {
        "reconstructions": plots.reconstructions(model, images),
        "worst_and_best": plots.worst_and_best(model, reported.examples.take(extremes)),
        "learning_curves": plots.learning_curves(history),
    }
    if draws_samples(model):
        figures["prior_samples"] = plots.prior_samples(model)
    if model.inverts_features:
        count = SHOWN // 4
        sections = {
            "training": observations(model, dataset, "train", count, reported.seed)
        }
        if final_split(dataset) != "train":
            sections["unseen"] = reported.examples.take(reported.order[:count])
        figures["inversions"] = plots.inversions({"decoded": model}, sections)
    folder.figures.mkdir(exist_ok=True)
    for name, figure in figures.items():
        plots.save(figure, folder.figures / f"{name}.png")


def measure(
    reported: ReportedModel, split: str, folder: RunFolder
) -> dict[str, float | str]:
    """Errors of the reconstructions and accuracies of the codes, rivals beside them.

    A measure that the dataset doesn't allow is left out of the file, and stands beside
    the others in what is returned, with the reason in place of its value.

    Args:
        reported: The trained model and its images.
        split: What these images are.
        folder: Gets the numbers.
    """
    results = reported.results
    measured: dict[str, float | str] = {f"{split} mse": results.error}
    if results.rival_errors is not None:
        of_mean, of_components = results.rival_errors
        measured[f"{split} mse of the mean image"] = of_mean
        name = f"{split} mse of PCA with {results.components} numbers"
        measured[name] = of_components
    of_codes = f"{split} {NEIGHBOURS}-NN accuracy of the codes"
    if results.why_no_accuracies is not None:
        measured[of_codes] = f"left out: {results.why_no_accuracies}"
    elif results.accuracies is not None:
        found = results.accuracies
        measured[of_codes] = found.neighbours.value
        name = f"{split} {NEIGHBOURS}-NN accuracy of the pixels"
        measured[name] = found.pixels.value
        measured[f"{split} accuracy of the majority"] = found.majority.value
    numbers = {name: n for name, n in measured.items() if not isinstance(n, str)}
    write_text(folder.path / "metrics.json", json.dumps(numbers, indent=2) + "\n")
    return measured
