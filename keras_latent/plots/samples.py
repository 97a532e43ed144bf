"""What a model imagines: draws of the prior, decoded."""

from typing import Any

from keras_latent.images import image_entries, square_columns, tile
from keras_latent.plots.style import grid_figure, show_grid, styled
from keras_latent.validation import check_has_prior, check_positive_integer


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
    check_positive_integer("count", count)
    check_has_prior(model)
    images = next(iter(image_entries(model.sample(count, seed=seed)).values()))
    columns = square_columns(count)
    grid = tile(images, columns)
    figure = grid_figure(grid, columns)
    show_grid(figure.add_subplot(), grid)
    return figure
