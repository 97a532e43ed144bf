"""What a run takes where nothing is said: its length, its likelihood, its weights."""

import math

import numpy as np

from keras_latent import datasets
from keras_latent.cli.settings import Plain
from keras_latent.models import LatentModel

LEAST_EPOCHS = 10
LEAST_STEPS = 2000
MOST_EPOCHS = 300
_LOOKED_AT = 500


def epochs_for(
    steps_per_epoch: int,
    epochs: int | None = None,
    steps: int | None = None,
    least_steps: int = LEAST_STEPS,
) -> int:
    """How many passes over the data a run makes.

    Without `epochs` and `steps`: ten, or of few images as many as make 2,000 steps, but
    at most 300.

    Args:
        steps_per_epoch: Steps of a pass.
        epochs: As the user says. Defaults to `None`.
        steps: As the user says; rounded up to whole passes. Defaults to `None`.
        least_steps: What few images make. Defaults to 2000.

    >>> epochs_for(422), epochs_for(18), epochs_for(1), epochs_for(18, steps=100)
    (10, 112, 300, 6)
    """
    if epochs is not None:
        return epochs
    if steps is not None:
        return -(-steps // steps_per_epoch)
    return min(MOST_EPOCHS, max(LEAST_EPOCHS, -(-least_steps // steps_per_epoch)))


def default_settings(
    variant: type[LatentModel],
    settings: dict[str, Plain],
    dataset: datasets.OpenedDataset,
    classes: int | None,
) -> dict[str, Plain]:
    """Settings that suit the images, where the user says nothing of them.

    - Of colour images, what bounds the evidence has a Gaussian likelihood of the
      optimal scale: with a fixed one, the divergence weighs too much or too little,
      and one that is learned follows too late.
    - A term that would drown in the reconstruction is weighted so that, at the
      beginning, both weigh the same.

    Args:
        variant: The class of the model.
        settings: What the user says.
        dataset: The images.
        classes: How many classes there are, if the variant learns them.

    Returns:
        The user's settings and the others.
    """
    chosen = dict(settings)
    says_likelihood = any(name.partition(".")[0] == "likelihood" for name in settings)
    if variant.bounds_evidence and dataset.image_shape[2] > 1 and not says_likelihood:
        chosen["likelihood"] = "gaussian"
        chosen["likelihood.scale"] = "optimal"
    weight = variant.drowning_weight
    if weight is not None and weight not in settings and not says_likelihood:
        chosen[weight] = _balanced(dataset, classes or 2)
    return chosen


def _balanced(dataset: datasets.OpenedDataset, classes: int) -> float:
    """Half the squared error of the mean image, by the cross-entropy of a guess."""
    source = dataset.split("train")
    rows = np.linspace(0, source.size - 1, min(source.size, _LOOKED_AT)).astype(int)
    total, squares, count = 0.0, 0.0, 0
    for images, _ in source.take(rows).batches(50).as_numpy_iterator():
        total = total + images.sum(axis=0, dtype="float64")
        squares = squares + np.square(images, dtype="float64").sum(axis=0)
        count += len(images)
    variance = squares / count - np.square(total / count)
    weight = 0.5 * float(np.sum(variance)) / math.log(classes)
    return float(f"{max(1.0, weight):.3g}")
