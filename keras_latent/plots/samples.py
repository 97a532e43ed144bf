"""What a model imagines: codes that were drawn, decoded."""

from collections.abc import Sequence
from typing import Any

from keras_latent.images import image_entries, square_columns, tile
from keras_latent.kinds import checked_labels
from keras_latent.plots.style import grid_figure, label_rows, show_grid, styled
from keras_latent.typing import Observation
from keras_latent.validation import check_has_prior, checked_positive_integer

_LABELS_WIDTH = 0.6


@styled
def samples(images: Observation, row_labels: Sequence[str] = ()) -> Any:
    """Draw generated images in a grid.

    Args:
        images: Images of shape (count, height, width, 1 or 3), cut to [0, 1], or a dict
            of arrays, of which the first entry that is an image is drawn.
        row_labels: What each row has in common, which then holds as many images as the
            others. Defaults to `()`: no labels, and a grid that is almost a square.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there are no images, or rows that aren't of one length.
    """
    pictures = next(iter(image_entries(images).values()))
    row_labels = checked_labels("row_labels", row_labels)
    count, rows = len(pictures), len(row_labels)
    if not count:
        raise ValueError("`images` must hold at least one image. Received: images of 0")
    if rows and count % rows:
        raise ValueError(
            "`row_labels` must divide the number of images. "
            f"Received: {rows} labels for {count} images"
        )
    columns = count // rows if rows else square_columns(count)
    grid = tile(pictures, columns)
    figure = grid_figure(grid, columns, row_labels=_LABELS_WIDTH if rows else 0.0)
    axes = figure.add_subplot()
    show_grid(axes, grid)
    if rows:
        label_rows(axes, grid, row_labels)
    return figure


@styled
def prior_samples(model: Any, count: int = 64, seed: int = 0) -> Any:
    """Draw what a model decodes from draws of its prior.

    Args:
        model: A latent model with a prior.
        count: How many images. Defaults to 64.
        seed: Of the draws. Defaults to 0.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If the model has no prior, or decodes no images.
    """
    count = checked_positive_integer("count", count)
    check_has_prior(model)
    return samples(model.sample(count, seed=seed))
