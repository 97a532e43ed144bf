"""What each dimension of a code does to the image."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from keras_latent.latent_space import traverse
from keras_latent.latent_space.codes import as_codes, check_latent_dim
from keras_latent.plots.decoding import decoded_images
from keras_latent.plots.image_rows import image_rows
from keras_latent.plots.style import styled

_DRAWN_DIMENSIONS = 32


@styled
def traversals(
    model: Any,
    code: Any,
    dimensions: Iterable[int] | None = None,
    values: Sequence[float] | None = None,
) -> Any:
    """Draw what one code decodes to while one dimension moves, a dimension a row.

    The label of a row is the index of its dimension, that of a column the value that
    the dimension is set to. All other dimensions keep the values of `code`.

    Args:
        model: A latent model.
        code: Array of shape (latent_dim,): the point that all traversals pass.
        dimensions: Indices of the dimensions to move; `None` for all, of which the
            first 32 are drawn. Defaults to `None`.
        values: What each dimension is set to; `None` for 9 values from −3 to 3.
            Defaults to `None`.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If `code` is not of the model's size, or `latent_space.traverse`
            refuses the dimensions or values.

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> (axes,) = traversals(model, [0.0, 0.0], values=[-1.0, 0.5]).axes
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['-1', '0.5']
    """
    code = as_codes("code", code, (1,))
    check_latent_dim("code", code, model.latent_dim)
    if dimensions is None:
        dimensions = range(min(len(code), _DRAWN_DIMENSIONS))
    dimensions = list(dimensions)
    if values is None:
        values = np.linspace(-3.0, 3.0, 9).tolist()
    _, decoded = decoded_images(model, traverse(code, values, dimensions))
    figure = image_rows(
        [decoded],
        [[f"{value:.3g}" for value in values]],
        [str(dimension) for dimension in dimensions],
    )
    figure.axes[0].set(xlabel="value", ylabel="dimension")
    return figure
