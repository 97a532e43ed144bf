"""How far reconstructions are from their images."""

import numpy as np

from keras_latent.typing import Tensor


def mean_squared_error(images: Tensor, reconstructions: Tensor) -> np.ndarray:
    """Mean squared difference of each image from its reconstruction.

    Args:
        images: Array of shape (count, ...).
        reconstructions: Array of the same shape.

    Returns:
        Array of shape (count,): the mean over all pixels and channels of an image.

    Raises:
        ValueError: If the shapes differ.

    >>> mean_squared_error([[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]])
    array([0.5, 0. ])
    """
    images, reconstructions = np.asarray(images), np.asarray(reconstructions)
    if images.shape != reconstructions.shape:
        raise ValueError(
            f"`reconstructions` must have the shape of the images, {images.shape}. "
            f"Received: reconstructions of shape {reconstructions.shape}"
        )
    squares = np.square(images.astype("float64") - reconstructions)
    return squares.reshape(len(images), -1).mean(axis=1)
