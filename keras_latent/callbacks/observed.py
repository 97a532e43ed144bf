"""Images that a callback looks at, checked before a training has begun to cost time."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_latent.kinds import as_numeric_array, check_offers
from keras_latent.renamed_errors import arguments_called
from keras_latent.typing import Observation


def checked_images(images: Any, least: int = 1) -> Any:
    """What a callback looks at, in arrays, as far as it is known without the model.

    Args:
        images: An array of shape (count, ...), or a dict of arrays. Batches that come
            one by one are handed on.
        least: How many there must be. Defaults to 1.

    Returns:
        An array, or a dict of them.

    Raises:
        ValueError: If it is no array of rows, there are too few rows, or their numbers
            differ.
    """
    if isinstance(images, tf.data.Dataset | keras.utils.PyDataset):
        return images
    is_dict = isinstance(images, Mapping)
    columns = {
        name: as_numeric_array("images", column)
        for name, column in (images if is_dict else {"images": images}).items()
    }
    shapes = {name: column.shape for name, column in columns.items()}
    counts = {shape[0] if shape else 0 for shape in shapes.values()}
    if len(counts) != 1:
        raise ValueError(
            "`images` must be an array of shape (count, ...) or a dict of arrays of as "
            f"many rows. Received: images of shapes {shapes}"
        )
    if min(counts) < least:
        raise ValueError(
            f"`images` must hold at least {least}. Received: images of shapes {shapes}"
        )
    return columns if is_dict else columns["images"]


def codes_of(model: Any, images: Observation) -> np.ndarray:
    """The codes of a callback's images, before the first step.

    Args:
        model: The model that is trained.
        images: What the callback was given.

    Returns:
        Array of shape (count, *code_shape).

    Raises:
        ValueError: If it is no latent model, or doesn't take the images.
    """
    check_offers("model", model, "a latent model", "encode")
    with arguments_called(x="images"):
        return np.asarray(model.encode(images))
