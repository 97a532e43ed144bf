"""How far reconstructions are from their images."""

from typing import Any

import numpy as np

from keras_latent.kinds import as_numeric_array
from keras_latent.typing import Tensor
from keras_latent.validation import check_unit_range


def checked_pair(images: Any, reconstructions: Any) -> tuple[np.ndarray, np.ndarray]:
    """Take images and their reconstructions as arrays of one shape.

    Args:
        images: Array of shape (count, ...).
        reconstructions: Array of the same shape.

    Returns:
        Both as arrays.

    Raises:
        ValueError: If they are no arrays of numbers, or the shapes differ.
    """
    images = as_numeric_array("images", images)
    reconstructions = as_numeric_array("reconstructions", reconstructions)
    if not images.ndim:
        raise ValueError(
            "`images` must have the shape (count, ...). Received: images of shape ()"
        )
    if images.shape != reconstructions.shape:
        raise ValueError(
            f"`reconstructions` must have the shape of the images, {images.shape}. "
            f"Received: reconstructions of shape {reconstructions.shape}"
        )
    return images, reconstructions


def mean_squared_error(images: Tensor, reconstructions: Tensor) -> np.ndarray:
    """Mean squared difference of each image from its reconstruction.

    Args:
        images: Array of shape (count, ...).
        reconstructions: Array of the same shape.

    Returns:
        Array of shape (count,): the mean over all pixels and channels of an image.

    Raises:
        ValueError: If they are no arrays of numbers, or the shapes differ.

    >>> mean_squared_error([[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]])
    array([0.5, 0. ])
    """
    images, reconstructions = checked_pair(images, reconstructions)
    squares = np.square(images.astype("float64") - reconstructions)
    return squares.reshape(len(images), -1).mean(axis=1)


def peak_signal_to_noise_ratio(images: Tensor, reconstructions: Tensor) -> np.ndarray:
    """−10·log₁₀ of the mean squared error of each image: the higher, the nearer.

    Args:
        images: Array of shape (count, ...) in [0, 1], whose peak is 1.
        reconstructions: Array of the same shape; what lies outside of [0, 1] counts as
            it is.

    Returns:
        Array of shape (count,) in decibels; infinite where both are equal.

    Raises:
        ValueError: If the shapes differ, no image is there, or a value of `images` is
            outside of [0, 1].

    >>> peak_signal_to_noise_ratio([[0.0, 1.0], [0.0, 0.0]], [[0.1, 0.9], [0.0, 0.0]])
    array([20., inf])
    """
    images, reconstructions = checked_pair(images, reconstructions)
    if not images.size:
        raise ValueError(
            "`images` must hold at least one image. "
            f"Received: images of shape {images.shape}"
        )
    check_unit_range("images", images)
    errors = mean_squared_error(images, reconstructions)
    with np.errstate(divide="ignore"):
        return -10 * np.log10(errors)
