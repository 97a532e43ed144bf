"""Codes that lie on a sphere, with some of their elements set."""

from collections.abc import Sequence

import numpy as np


def onto_sphere(codes: np.ndarray, kept: Sequence[int], channels: int) -> np.ndarray:
    """Bring codes onto the sphere without moving some of their elements.

    The other elements of a vector are multiplied by what makes its length 1; if all of
    them are 0, the first one gets what is missing. Where those that are kept are longer
    than 1 themselves, they are shortened to 1 and the others are 0.

    Args:
        codes: Array of shape (..., latent_dim).
        kept: Indices of the elements that keep their values.
        channels: Length of the vectors that lie on a sphere each: `latent_dim`, or the
            channels of a map.

    Returns:
        Array of the same shape.

    >>> onto_sphere(np.array([0.6, 2.0, 0.0]), [0], 3)
    array([0.6, 0.8, 0. ])
    """
    is_kept = np.zeros(codes.shape[-1], bool)
    is_kept[list(kept)] = True
    is_kept = is_kept.reshape(-1, channels)
    vectors = codes.reshape(*codes.shape[:-1], -1, channels).astype("float64")
    fixed, free = np.where(is_kept, vectors, 0.0), np.where(is_kept, 0.0, vectors)
    missing = np.sqrt(np.maximum(1 - np.sum(fixed**2, axis=-1, keepdims=True), 0))
    length = np.linalg.norm(free, axis=-1, keepdims=True)
    first = np.arange(channels) == np.argmin(is_kept, axis=-1)[:, None]
    direction = np.where(length > 0, free / np.where(length > 0, length, 1), first)
    direction = np.where(is_kept, 0.0, direction)
    whole = fixed + missing * direction
    whole /= np.linalg.norm(whole, axis=-1, keepdims=True)
    return whole.reshape(codes.shape).astype(codes.dtype)
