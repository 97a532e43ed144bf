"""What a run leaves in its folder once it has trained: figures and measures."""

import json

import keras
import numpy as np

from keras_latent import datasets, metrics, models, plots
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.run_folder import COUNTERS, RunFolder
from keras_latent.saving import write_text
from keras_latent.typing import Observation

MEASURED = 60_000
"""Images that are measured, from the first on."""

SHOWN = 20
"""Images of which figures are drawn, and that are followed in TensorBoard."""

_K = 5
_NEIGHBOURS = f"test {_K}-NN accuracy of the codes"


def evaluation_split(arguments: Arguments) -> str:
    """The split that is measured: `"test"` where there is one, or `"train"`."""
    splits = datasets.splits(arguments.dataset, arguments.image_size)
    return "test" if "test" in splits else "train"


def load_observations(
    model: models.LatentModel,
    arguments: Arguments,
    split: str,
    limit: int | None = None,
) -> Observation:
    """What the model encodes, of the run's dataset: images, or with their condition."""
    images, labels = datasets.arrays(
        arguments.dataset, split, arguments.image_size, limit=limit
    )
    return model.observation(images, labels)


def draws_samples(model: models.LatentModel) -> bool:
    """Whether images can be drawn from the prior, without being told a condition."""
    return model.has_prior and model.condition is None


def write_figures(
    model: models.LatentModel,
    arguments: Arguments,
    folder: RunFolder,
    rows: list[dict[str, float]],
) -> None:
    """Draw what the model reconstructs, and generates, and how its losses ran.

    Args:
        model: The trained model.
        arguments: What defines the run.
        folder: Gets the figures.
        rows: The logs of each epoch.
    """
    images = load_observations(
        model, arguments, evaluation_split(arguments), limit=1000
    )
    shown = keras.tree.map_structure(lambda column: column[:SHOWN], images)
    logs = [name for name in rows[-1] if name not in COUNTERS]
    history = {name: [row[name] for row in rows] for name in logs}
    figures = {
        "reconstructions": plots.reconstructions(model, shown),
        "worst_and_best": plots.worst_and_best(model, images),
        "learning_curves": plots.learning_curves(history),
    }
    if draws_samples(model):
        figures["prior_samples"] = plots.prior_samples(model)
    if model.inverts_features:
        known = load_observations(model, arguments, "train", limit=SHOWN // 4)
        sections = {"training": known, "unseen": images[: len(known)]}
        if evaluation_split(arguments) == "train":
            sections = {"training": known}
        figures["inversions"] = plots.inversions({"decoded": model}, sections)
    folder.figures.mkdir(exist_ok=True)
    for name, figure in figures.items():
        plots.save(figure, folder.figures / f"{name}.png")


def measure(
    model: models.LatentModel, arguments: Arguments, folder: RunFolder
) -> dict[str, float | str]:
    """Error of the reconstructions, and 5-NN accuracy of the codes where labels are.

    A measure that the dataset doesn't allow is left out of the file, and stands beside
    the others in what is returned, with the reason in place of its value.
    """
    split = evaluation_split(arguments)
    images, labels = datasets.arrays(
        arguments.dataset, split, arguments.image_size, limit=MEASURED
    )
    observations = model.observation(images, labels)
    reconstructions = model.predict(observations, batch_size=256, verbose=0)
    errors = metrics.mean_squared_error(images, reconstructions)
    measured: dict[str, float | str] = {f"{split} mse": float(np.mean(errors))}
    # Without a split apart, neighbours would be looked for among the images themselves.
    if split == "test" and labels.ndim == 1 and len(np.unique(labels)) > 1:
        known_images, known = datasets.arrays(
            arguments.dataset, "train", arguments.image_size, limit=MEASURED
        )
        reason = _why_no_neighbours(known)
        measured[_NEIGHBOURS] = (
            f"left out: {reason}"
            if reason
            else float(
                metrics.knn_accuracy(
                    model.encode(model.observation(known_images, known)),
                    known,
                    model.encode(observations),
                    labels,
                    k=_K,
                )
            )
        )
    numbers = {name: n for name, n in measured.items() if not isinstance(n, str)}
    write_text(folder.path / "metrics.json", json.dumps(numbers, indent=2) + "\n")
    return measured


def _why_no_neighbours(known: np.ndarray) -> str | None:
    """Why the nearest training images can't tell a class; `None` if they can."""
    classes = len(np.unique(known))
    if classes < 2:
        return "the training images have one class alone, the test images several"
    if len(known) < _K:
        return f"{_K} neighbours were asked for, of {len(known)} training images"
    return None
