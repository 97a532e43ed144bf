"""Codes in two dimensions, coloured by class, with images where they lie."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.images import image_entries
from keras_latent.kinds import as_array
from keras_latent.latent_space.codes import as_codes, check_latent_dim
from keras_latent.plots.label_colours import LabelColours
from keras_latent.plots.style import styled
from keras_latent.plots.thumbnails import apart, draw_thumbnails
from keras_latent.typing import Observation
from keras_latent.validation import check_unit_range, checked_positive_integer

_WIDTH = 7.0
_THUMBNAILS_ACROSS = 24
_SPACING = 1.3


@styled
def projection(
    points: Any,
    images: Observation | None = None,
    labels: Any = None,
    class_names: Sequence[str] | None = None,
    sampled_from: int | None = None,
) -> Any:
    """Draw points of a projection, coloured by label, with thumbnails of their images.

    Up to twelve classes have a colour each and stand in a legend; up to 36 names do, of
    which the second and the third twelve have lighter and darker colours and markers
    of their own. The colours of more numbers are explained by a bar, those of more
    names are not. Thumbnails are drawn
    for the first points that have room for them, in the order given, framed in the
    colour of their label.

    Args:
        points: Array of shape (count, 2), such as `latent_space.project` gives.
        images: The images of the points: an array of shape (count, height, width,
            channels) in [0, 1]; of a dict of arrays, the first entry that is an image
            is drawn. Defaults to `None`.
        labels: Array of shape (count,): classes or numbers. Defaults to `None`.
        class_names: The names of the classes that `labels` are the indices of.
            Defaults to `None`.
        sampled_from: How many there are in all, where the points are a sample of them:
            the figure says so. Defaults to `None`: the points are all.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If the points are not finite, the numbers of points, images and
            labels differ, a value of an image is outside of [0, 1], or there are more
            points than they are sampled from.

    >>> figure = projection([[0.0, 1.0], [2.0, 0.5]], labels=["cat", "dog"])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['cat', 'dog']
    """
    from keras_latent.plots.figure import new_figure

    points = as_codes("points", points, (2,))
    check_latent_dim("points", points, 2)
    if sampled_from is not None:
        sampled_from = checked_positive_integer("sampled_from", sampled_from)
    if sampled_from is not None and sampled_from < len(points):
        raise ValueError(
            f"`sampled_from` must be at least the number of points, {len(points)}. "
            f"Received: sampled_from={sampled_from}"
        )
    colouring = LabelColours(_checked_labels(labels, len(points)), class_names)
    pictures = None
    if images is not None:
        pictures = _checked_images(images, len(points))

    width, height = np.ptp(points, axis=0)
    side = float(max(width, height)) / _THUMBNAILS_ACROSS or 1.0
    shape = float(np.clip((height + 2 * side) / (width + 2 * side), 0.4, 1.4))
    figure = new_figure(_WIDTH + 1, _WIDTH * shape)
    axes = figure.add_subplot()
    colours = colouring.colours(len(points))
    size = float(np.clip(20_000 / len(points), 5, 40))
    across, up = points.T
    for marker, rows in colouring.markers(len(points)):
        axes.scatter(
            across[rows],
            up[rows],
            size,
            colours[rows],
            marker=marker,
            linewidths=0,
            alpha=0.9,
            zorder=1,
        )
    if pictures is not None:
        rows = apart(points, _SPACING * side)
        draw_thumbnails(axes, points[rows], pictures[rows], side, colours[rows])
    axes.update_datalim([points.min(axis=0) - side, points.max(axis=0) + side])
    axes.margins(0)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if sampled_from is not None and sampled_from > len(points):
        axes.set_xlabel(f"a sample: {len(points):,} of {sampled_from:,}")
    colouring.explain(figure, axes)
    return figure


def _checked_images(images: Observation, count: int) -> np.ndarray:
    pictures = next(iter(image_entries(images).values()))
    check_unit_range("images", pictures)
    if len(pictures) != count:
        raise ValueError(
            f"`images` must hold one image for each of the {count} points. "
            f"Received: {len(pictures)} images"
        )
    return pictures


def _checked_labels(labels: Any, count: int) -> np.ndarray | None:
    if labels is None:
        return None
    labels = as_array("labels", labels)
    if labels.shape != (count,):
        raise ValueError(
            f"`labels` must hold one label for each of the {count} points. "
            f"Received: labels of shape {labels.shape}"
        )
    return labels
