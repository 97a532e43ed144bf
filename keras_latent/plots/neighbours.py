"""Images beside those whose codes are nearest to theirs."""

from collections.abc import Sequence
from typing import Any

from keras_latent.kinds import as_numeric_array, checked_labels
from keras_latent.plots.captioned_rows import captioned_rows
from keras_latent.plots.style import styled


@styled
def neighbours(
    images: Any, nearest: Any, distances: Any, row_labels: Sequence[str] = ()
) -> Any:
    """Draw images, a row each, and beside each its neighbours in the code space.

    The distance stands below each neighbour.

    Args:
        images: Array of shape (count, height, width, channels), cut to [0, 1].
        nearest: Array of shape (count, k, height, width, channels): the neighbours of
            each, the nearest first: `others[found.indices]`, where `found` is what
            `latent_space.nearest` gives for the codes of the images and of the others.
        distances: Array of shape (count, k): `found.distances`.
        row_labels: One label for each image. Defaults to `()`: no labels.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If the shapes don't fit together.

    >>> import numpy as np
    >>> others = np.ones((2, 3, 8, 8, 1))
    >>> figure = neighbours(np.zeros((2, 8, 8, 1)), others, [[0, 1, 2], [3, 4, 5]])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['0', '1', '2', '3', '4', '5']
    """
    images = as_numeric_array("images", images).astype("float32")
    nearest = as_numeric_array("nearest", nearest).astype("float32")
    distances = as_numeric_array("distances", distances)
    row_labels = checked_labels("row_labels", row_labels)
    expected = (*images.shape[:1], *nearest.shape[1:2], *images.shape[1:])
    if images.ndim != 4 or not nearest.size or nearest.shape != expected:
        raise ValueError(
            "`nearest` must be of shape (count, k, height, width, channels), where "
            "`images` are of shape (count, height, width, channels). Received: nearest "
            f"of shape {nearest.shape}, images of shape {images.shape}"
        )
    if distances.shape != nearest.shape[:2]:
        raise ValueError(
            f"`distances` must be of shape {nearest.shape[:2]}. "
            f"Received: distances of shape {distances.shape}"
        )
    if row_labels and len(row_labels) != len(images):
        raise ValueError(
            f"`row_labels` must hold one label for each of the {len(images)} images. "
            f"Received: row_labels of length {len(row_labels)}"
        )
    captions = [[f"{value:.3g}" for value in row] for row in distances]
    return captioned_rows(images, nearest, captions, row_labels)
