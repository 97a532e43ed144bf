"""The section of the training."""

from collections.abc import Mapping, Sequence

import numpy as np

from keras_latent import plots
from keras_latent.reports.section import Picture, Section


def learning_curves(history: Mapping[str, Sequence[float]]) -> Section:
    """The logs of the training, one figure each."""
    plots.learning_curves(history)  # Refuses logs of unequal lengths.
    names = dict.fromkeys(name.removeprefix("val_") for name in history)
    names.pop("epoch", None)
    pictures = []
    for name in sorted(names, key=lambda name: name != "loss"):
        own = {
            key: history[key]
            for key in ("epoch", name, f"val_{name}")
            if key in history
        }
        values = {
            label: np.asarray(history[key], "float64")
            for label, key in (("training", name), ("validation", f"val_{name}"))
            if key in history
        }
        course = ", ".join(
            f"{label} from {known[0]:.4g} to {known[-1]:.4g}"
            for label, curve in values.items()
            if len(known := curve[np.isfinite(curve)])
        )
        pictures.append(
            Picture(plots.learning_curves(own), f"Curve of {name}: {course}.")
        )
    return Section(
        "Learning curves",
        "The loss and its terms after each epoch; validation that rises while training "
        "falls means that the model learns its training images by heart.",
        pictures,
    )
