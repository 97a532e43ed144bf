"""What samplers tell conditional models beside images and codes."""

from typing import Any

import numpy as np

from keras_latent.models.streaming import is_dataset
from keras_latent.renamed_errors import arguments_called


def is_conditional(model: Any) -> bool:
    """Whether a model is told a condition beside each observation."""
    return getattr(model, "condition", None) is not None


def conditions_of(model: Any, labels: Any, n: int) -> np.ndarray:
    """The condition of each draw, checked.

    Args:
        model: A conditional model.
        labels: One condition for all, or one for each.
        n: Number of draws.

    Raises:
        ValueError: If there is none, or it isn't one that the model takes.
    """
    rank = 1 if model.condition.num_classes is not None else 2
    given = None if labels is None else np.asarray(labels)
    if given is not None and given.ndim == rank - 1:
        size = model.condition.size
        if rank == 2 and given.shape != (size,):
            raise ValueError(
                f"`labels` must have the shape ({n}, {size}), or ({size},) where all "
                f"have one. Received: labels of shape {given.shape}"
            )
        given = np.repeat(given[None], n, axis=0)
    with arguments_called(y="labels"):
        model.condition.check(given, n)
    return np.asarray(given)


def told(model: Any, images: Any, labels: Any) -> list[Any]:
    """What a model's methods take after images: their labels, if any."""
    # Batches of a dataset bring their own.
    return [labels] if is_conditional(model) and not is_dataset(images) else []
