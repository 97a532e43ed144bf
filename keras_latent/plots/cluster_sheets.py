"""Sheets of clusters: some images of each, a row a cluster."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.counting import counted
from keras_latent.images import tile
from keras_latent.kinds import as_array, as_numeric_array, checked_labels
from keras_latent.plots.style import grid_figure, label_rows, show_grid, styled
from keras_latent.validation import checked_positive_integer

_LETTER_INCHES = 0.09


@styled
def cluster_sheets(
    images: Any,
    clusters: Any,
    distances: Any = None,
    columns: int = 10,
    row_labels: Sequence[str] | None = None,
) -> Any:
    """Draw images of each cluster, a row a cluster.

    Args:
        images: Array of shape (count, height, width, channels), cut to [0, 1].
        clusters: Integers of shape (count,): the cluster of each image, such as the
            `labels` that `latent_space.clusters` gives for their codes.
        distances: Array of shape (count,): those of the codes from the centroids of
            their clusters; the nearest are drawn. Defaults to `None`: the first ones.
        columns: Images of a cluster at most. Defaults to 10.
        row_labels: One label for each cluster, in the order of their numbers. Defaults
            to `None`: the number and how many images the cluster has.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there is no image, or the numbers of images, clusters, distances
            or labels differ.

    >>> figure = cluster_sheets(np.zeros((3, 8, 8, 1)), [1, 0, 1])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['0: 1 image', '1: 2 images']
    """
    columns = checked_positive_integer("columns", columns)
    images = as_numeric_array("images", images).astype("float32")
    clusters = as_array("clusters", clusters)
    if images.ndim != 4 or not len(images):
        raise ValueError(
            "`images` must be of shape (count, height, width, channels). "
            f"Received: images of shape {images.shape}"
        )
    distances = np.zeros(len(images)) if distances is None else distances
    distances = as_numeric_array("distances", distances)
    for name, given in {"clusters": clusters, "distances": distances}.items():
        if given.shape != images.shape[:1]:
            raise ValueError(
                f"`{name}` must hold one number for each of the {len(images)} images. "
                f"Received: {name} of shape {given.shape}"
            )
    numbers, sizes = np.unique(clusters, return_counts=True)
    if row_labels is None:
        sized = zip(numbers, sizes, strict=True)
        row_labels = [f"{number}: {counted(size, 'image')}" for number, size in sized]
    row_labels = checked_labels("row_labels", row_labels)
    if len(row_labels) != len(numbers):
        raise ValueError(
            "`row_labels` must hold one label for each of the "
            f"{len(numbers)} clusters. Received: row_labels of length {len(row_labels)}"
        )
    columns = min(columns, int(sizes.max()))
    nearest_first = np.argsort(distances, kind="stable")
    cells = np.ones((len(numbers), columns, *images.shape[1:]), "float32")
    for row, number in enumerate(numbers):
        shown = nearest_first[clusters[nearest_first] == number][:columns]
        cells[row, : len(shown)] = images[shown]
    grid = tile(cells.reshape(-1, *images.shape[1:]), columns)
    letters = max(map(len, row_labels))
    figure = grid_figure(grid, columns, row_labels=_LETTER_INCHES * (letters + 2))
    axes = figure.add_subplot()
    show_grid(axes, grid)
    label_rows(axes, grid, row_labels)
    return figure
