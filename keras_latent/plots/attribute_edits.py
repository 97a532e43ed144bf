"""Images with an attribute added or taken away in latent space."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.images import image_entries
from keras_latent.latent_space.codes import (
    ONE,
    as_codes,
    as_numbers,
    check_code_shape,
)
from keras_latent.plots.decoding import check_is_model, decoded_images
from keras_latent.plots.image_rows import image_rows
from keras_latent.plots.style import styled
from keras_latent.renamed_errors import arguments_called
from keras_latent.typing import Observation
from keras_latent.validation import check_unit_range


@styled
def attribute_edits(
    model: Any, images: Observation, vector: Any, strengths: Sequence[float]
) -> Any:
    """Draw what codes decode to once a vector is added to them, an image a row.

    At the left stands the original, below each decoding the strength by which the
    vector was multiplied: 0 is the reconstruction.

    Args:
        model: A latent model.
        images: Array of shape (count, height, width, channels) in [0, 1]; of a dict of
            arrays, the first entry that is an image is drawn.
        vector: Array of shape code_shape, such as `latent_space.attribute_vector`
            gives.
        strengths: What to multiply it by, one number a column.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there is no image, no strength, or `vector` is not of the
            model's size.

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> figure = attribute_edits(model, np.zeros((3, 8, 8, 1)), [0.5, 1.0], [-1, 0, 1])
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['original', '-1', '0', '+1']
    """
    check_is_model(model, "encode", "decode", "target")
    originals = image_entries(model.target(images))
    if not len(next(iter(originals.values()))):
        raise ValueError("`images` must hold at least one image. Received: images of 0")
    vector = as_codes("vector", vector, ONE)
    scales = as_numbers("strengths", strengths)
    check_code_shape("vector", vector, model.code_shape)
    if scales.ndim != 1:
        raise ValueError(
            "`strengths` must have the shape (columns,). "
            f"Received: strengths of shape {scales.shape}"
        )
    with arguments_called(x="images"):
        codes = np.asarray(model.encode(images))
    edited = codes[:, None] + np.multiply.outer(scales, vector)
    name, decoded = decoded_images(model, edited)
    check_unit_range("images", originals[name])
    figure = image_rows(
        [originals[name][:, None], decoded],
        [["original"], [f"{scale:+.3g}" if scale else "0" for scale in scales]],
    )
    figure.axes[0].set_xlabel("strength")
    return figure
