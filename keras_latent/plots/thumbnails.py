"""Small images at their points, so few of them that none covers another."""

from typing import Any

import numpy as np


def apart(points: np.ndarray, distance: float) -> np.ndarray:
    """Choose points of which no two are nearer than a distance along both axes.

    Each point is taken in turn, unless one that was taken before is too near.

    Args:
        points: Array of shape (count, 2).
        distance: The least distance along one of the axes.

    Returns:
        The indices of the chosen points, in increasing order.

    >>> apart(np.array([[0.0, 0.0], [0.5, 0.9], [0.1, 1.0]]), distance=1.0)
    array([0, 2])
    """
    chosen: list[int] = []
    for index, point in enumerate(points):
        offsets = np.abs(points[chosen] - point).max(axis=1, initial=0.0)
        if (offsets >= distance).all():
            chosen.append(index)
    return np.array(chosen, int)


def draw_thumbnails(
    axes: Any, points: np.ndarray, images: np.ndarray, side: float, colours: np.ndarray
) -> None:
    """Draw images centred at their points, each in a frame of its colour.

    Args:
        axes: A matplotlib `Axes`.
        points: Array of shape (count, 2).
        images: Array of shape (count, height, width, 1 or 3), cut to [0, 1].
        side: Length of the longer side of an image, in the units of the points.
        colours: Array of shape (count, 4): RGBA of the frames.
    """
    from matplotlib.patches import Rectangle

    height, width = images.shape[1:3]
    shown = np.clip(images, 0.0, 1.0)
    shown = shown.squeeze(-1) if shown.shape[-1] == 1 else shown
    across, up = side * width / max(height, width), side * height / max(height, width)
    for (x, y), image, colour in zip(points, shown, colours, strict=True):
        left, bottom = x - across / 2, y - up / 2
        axes.imshow(
            image,
            cmap="gray",
            vmin=0.0,
            vmax=1.0,
            extent=(left, left + across, bottom, bottom + up),
            zorder=2,
        )
        frame = Rectangle(
            (left, bottom), across, up, fill=False, edgecolor=colour, zorder=3
        )
        axes.add_patch(frame)
