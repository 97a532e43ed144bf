"""Images made smaller, as means of their pixels."""

import numpy as np


def averaged(images: np.ndarray, side: int) -> np.ndarray:
    """Means of squares of pixels.

    Args:
        images: Array of shape (count, height, width, channels).
        side: Pixels a side of a square; what doesn't fill the last ones is left out.

    >>> averaged(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    if side == 1:
        return images
    count, height, width, channels = images.shape
    high, wide = height // side, width // side
    cut = images[:, : high * side, : wide * side]
    return cut.reshape(count, high, side, wide, side, channels).mean(axis=(2, 4))
