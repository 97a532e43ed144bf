"""Codes to images, for the figures that draw what a model decodes."""

from typing import Any

import numpy as np

from keras_latent.images import image_entries


def decoded_images(model: Any, codes: Any) -> tuple[str, np.ndarray]:
    """Decode codes, in whatever arrangement.

    Args:
        model: A latent model.
        codes: Array of shape (..., latent_dim).

    Returns:
        The name of the first entry that is an image, and those images as an array of
        shape (..., height, width, channels).
    """
    codes = np.asarray(codes, "float32")
    decoded = image_entries(model.decode(codes.reshape(-1, codes.shape[-1])))
    name, images = next(iter(decoded.items()))
    return name, images.reshape(*codes.shape[:-1], *images.shape[1:])
