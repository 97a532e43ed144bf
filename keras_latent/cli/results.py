"""What a run leaves in its folder once it has trained: figures and measures."""

import json

import numpy as np

from keras_latent import datasets, metrics, models, plots
from keras_latent.cli.arguments import Arguments
from keras_latent.cli.run_folder import COUNTERS, RunFolder
from keras_latent.saving import write_text

MEASURED = 60_000
"""Images that are measured, from the first on."""

SHOWN = 20
"""Images of which figures are drawn, and that are followed in TensorBoard."""


def evaluation_split(arguments: Arguments) -> str:
    """The split that is measured: `"test"` where there is one, or `"train"`."""
    splits = datasets.splits(arguments.dataset, arguments.image_size)
    return "test" if "test" in splits else "train"


def load_images(
    arguments: Arguments, split: str, limit: int | None = None
) -> np.ndarray:
    """Images of the run's dataset, of shape (count, height, width, channels)."""
    images, _ = datasets.arrays(
        arguments.dataset, split, arguments.image_size, limit=limit
    )
    return images


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
    images = load_images(arguments, evaluation_split(arguments), limit=1000)
    logs = [name for name in rows[-1] if name not in COUNTERS]
    history = {name: [row[name] for row in rows] for name in logs}
    figures = {
        "reconstructions": plots.reconstructions(model, images[:SHOWN]),
        "worst_and_best": plots.worst_and_best(model, images),
        "learning_curves": plots.learning_curves(history),
    }
    if isinstance(model, models.VariationalModel):
        figures["prior_samples"] = plots.prior_samples(model)
    if isinstance(model, models.FeatureInverter):
        known = load_images(arguments, "train", limit=SHOWN // 4)
        sections = {"training": known, "unseen": images[: len(known)]}
        if evaluation_split(arguments) == "train":
            sections = {"training": known}
        figures["inversions"] = plots.inversions({"decoded": model}, sections)
    folder.figures.mkdir(exist_ok=True)
    for name, figure in figures.items():
        plots.save(figure, folder.figures / f"{name}.png")


def measure(
    model: models.LatentModel, arguments: Arguments, folder: RunFolder
) -> dict[str, float]:
    """Error of the reconstructions, and 5-NN accuracy of the codes where labels are."""
    split = evaluation_split(arguments)
    images, labels = datasets.arrays(
        arguments.dataset, split, arguments.image_size, limit=MEASURED
    )
    reconstructions = model.predict(images, batch_size=256, verbose=0)
    errors = metrics.mean_squared_error(images, reconstructions)
    measured = {f"{split} mse": float(np.mean(errors))}
    # Without a split apart, neighbours would be looked for among the images themselves.
    if split == "test" and labels.ndim == 1 and len(np.unique(labels)) > 1:
        encoder = model.to_encoder()
        known_images, known = datasets.arrays(
            arguments.dataset, "train", arguments.image_size, limit=MEASURED
        )
        accuracy = metrics.knn_accuracy(
            encoder.predict(known_images, batch_size=256, verbose=0),
            known,
            encoder.predict(images, batch_size=256, verbose=0),
            labels,
        )
        measured["test 5-NN accuracy of the codes"] = float(accuracy)
    write_text(folder.path / "metrics.json", json.dumps(measured, indent=2) + "\n")
    return measured
