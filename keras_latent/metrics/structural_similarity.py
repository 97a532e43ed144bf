"""How much of an image's structure a reconstruction keeps."""

import numpy as np
import tensorflow as tf

from keras_latent.metrics.reconstruction import checked_pair
from keras_latent.typing import Tensor
from keras_latent.validation import check_unit_range

_WINDOW = 11
_BATCH = 500


def structural_similarity(images: Tensor, reconstructions: Tensor) -> np.ndarray:
    """Structural similarity (SSIM) of each image and its reconstruction.

    With the constants of the paper, K₁ = 0.01 and K₂ = 0.03, in windows of 11 × 11
    pixels that are weighted by a Gaussian of 1.5; the mean over windows and channels.

    Args:
        images: Array of shape (count, height, width, channels) in [0, 1], height and
            width at least 11.
        reconstructions: Array of the same shape; what lies outside of [0, 1] counts as
            it is.

    Returns:
        Array of shape (count,): 1 where both are equal, and never more.

    Raises:
        ValueError: If the shapes differ, the images are none or too small, or a value
            of `images` is outside of [0, 1].

    Source: Wang et al. 2004, "Image quality assessment: from error visibility to
    structural similarity", equation 13.

    >>> images = np.random.default_rng(0).random((2, 16, 16, 1))
    >>> structural_similarity(images, images).tolist()
    [1.0, 1.0]
    """
    images, reconstructions = checked_pair(images, reconstructions)
    images, reconstructions = (
        images.astype("float32"),
        reconstructions.astype("float32"),
    )
    if images.ndim != 4 or not len(images) or min(images.shape[1:3]) < _WINDOW:
        raise ValueError(
            "`images` must have the shape (count, height, width, channels), height and "
            f"width at least {_WINDOW}. Received: images of shape {images.shape}"
        )
    check_unit_range("images", images)
    similarities = [
        tf.image.ssim(
            images[start : start + _BATCH],
            reconstructions[start : start + _BATCH],
            max_val=1.0,
        )
        for start in range(0, len(images), _BATCH)
    ]
    return np.concatenate(similarities)
