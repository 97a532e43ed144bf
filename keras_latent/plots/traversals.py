"""What each dimension of a code does to the image."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from keras_latent.kinds import checked_labels, checked_list
from keras_latent.latent_space import traverse
from keras_latent.latent_space.codes import ONE, as_codes, check_code_shape
from keras_latent.plots.decoding import (
    check_is_model,
    code_radius,
    code_space,
    decoded_images,
)
from keras_latent.plots.image_rows import image_rows
from keras_latent.plots.style import styled

_DRAWN_DIMENSIONS = 12


@styled
def traversals(
    model: Any,
    code: Any,
    dimensions: Iterable[int] | None = None,
    values: Sequence[float] | None = None,
    codes: Any = None,
    row_labels: Sequence[str] | None = None,
) -> Any:
    """Draw what one code decodes to while one dimension moves, a dimension a row.

    The label of a row is the index of its dimension unless others are given, that of a
    column the value that the dimension is set to. All other dimensions keep the values
    of `code`; where the prior says that codes lie on a sphere, they are scaled to its
    radius of 1.

    Args:
        model: A latent model.
        code: Array of shape code_shape: the point that all traversals pass. Dimensions
            of a map are counted through its channels, columns and rows.
        dimensions: Indices of the dimensions to move, however many. Defaults to `None`:
            the first twelve, or with `codes` the twelve that vary most.
        values: What each dimension is set to; `None` for 9 values from −3 to 3, on a
            sphere from −1 to 1, in a ball up to 0.95 of its radius. Codes beyond a
            ball's rim are drawn at it. Defaults to `None`.
        codes: Codes of some images, of shape (count, *code_shape): dimensions that
            aren't named come in the order in which these vary, the most first. Defaults
            to `None`: in their own order.
        row_labels: One label for each of the dimensions. Defaults to `None`: their
            indices.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If `code` or `codes` are not of the model's size,
            `latent_space.traverse` refuses the dimensions or values, or there isn't
            one of `row_labels` for each dimension.

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> (axes,) = traversals(model, [0.0, 0.0], values=[-1.0, 0.5]).axes
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['-1', '0.5']
    """
    check_is_model(model, "decode", "code_shape")
    code = as_codes("code", code, ONE)
    check_code_shape("code", code, model.code_shape)
    space = code_space(model)
    used = np.arange(code.size)
    if codes is not None:
        codes = as_codes("codes", codes)
        check_code_shape("codes", codes[0], model.code_shape)
        spread = codes.reshape(len(codes), -1).std(axis=0, dtype="float64")
        used = np.argsort(-spread, kind="stable")
    if dimensions is None:
        dimensions = used[:_DRAWN_DIMENSIONS].tolist()
    dimensions = checked_list("dimensions", dimensions, "indices")
    if row_labels is None:
        row_labels = [str(dimension) for dimension in dimensions]
    row_labels = checked_labels("row_labels", row_labels)
    if len(row_labels) != len(dimensions):
        raise ValueError(
            f"`row_labels` must hold one label for each of the {len(dimensions)} "
            f"dimensions. Received: row_labels of length {len(row_labels)}"
        )
    if values is None:
        end = 1.0 if space == "sphere" else min(3.0, 0.95 * code_radius(model))
        values = np.linspace(-end, end, 9).tolist()
    _, decoded = decoded_images(model, traverse(code, values, dimensions, space))
    figure = image_rows(
        [decoded],
        [[f"{value:.3g}" for value in values]],
        row_labels,
    )
    figure.axes[0].set(xlabel="value", ylabel="dimension")
    return figure
