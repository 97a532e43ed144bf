"""Posteriors of images as rows of numbers, which samplers are fitted to."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.samplers.conditions import told


def has_posterior(model: Any) -> bool:
    """Whether a model has posteriors q(z|x) of images."""
    return hasattr(model, "posteriors") and model.posterior is not None


def posterior_rows(
    model: Any, images: Any, labels: Any, batch_size: int | None
) -> np.ndarray:
    """The parameters of q(z|x) of each image, side by side.

    Args:
        model: A model that has posteriors.
        images: What the model encodes, of shape (count, ...), or a dataset.
        labels: The condition of each, where the model has one.
        batch_size: Images that are encoded at once, or `None`.

    Returns:
        Array of shape (count, numbers), float32.
    """
    given = [images, *told(model, images, labels)]
    q = model.posteriors(*given, batch_size=batch_size)
    parts = [ops.convert_to_numpy(part) for part in q]
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


def posteriors_of(model: Any, rows: np.ndarray) -> Any:
    """The parameters that `posterior_rows` has put side by side.

    Args:
        model: The same model.
        rows: Array of shape (count, numbers).
    """
    shape = model.code_shape
    channels = model.posterior.parameter_channels(shape[-1])
    # One of each shows what they are.
    outputs = [
        ops.zeros((1, *shape[:-1], size), "float32") for size in channels.values()
    ]
    like = model.posterior.from_network(outputs)
    shapes = [tuple(part.shape[1:]) for part in like]
    ends = np.cumsum([np.prod(each, dtype=int) for each in shapes])
    parts = np.split(rows.astype("float32"), ends[:-1], axis=1)
    return type(like)(
        *(
            ops.convert_to_tensor(part.reshape(len(rows), *each))
            for part, each in zip(parts, shapes, strict=True)
        )
    )


def posterior_draws(model: Any, rows: np.ndarray, seed: int) -> np.ndarray:
    """A draw from each of the posteriors of `posterior_rows`, float64."""
    generator = keras.random.SeedGenerator(seed)
    drawn = model.posterior.sample(posteriors_of(model, rows), seed=generator)
    return ops.convert_to_numpy(drawn).astype("float64")
