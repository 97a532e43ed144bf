"""From one image to another by a path through latent space."""

from typing import Any

import numpy as np

from keras_latent.images import image_entries
from keras_latent.latent_space import interpolate
from keras_latent.plots.decoding import (
    check_is_model,
    code_space,
    decoded_images,
)
from keras_latent.plots.image_rows import image_rows
from keras_latent.plots.style import styled
from keras_latent.renamed_errors import arguments_called
from keras_latent.typing import Observation
from keras_latent.validation import check_choice, check_unit_range


@styled
def interpolations(
    model: Any,
    starts: Observation,
    ends: Observation,
    steps: int = 10,
    method: str | None = None,
) -> Any:
    """Draw the decoded path between the codes of pairs of images, a pair a row.

    At the left and the right stand the originals; below each decoding, its share of
    the way: 0 and 1 are the reconstructions of the originals.

    Args:
        model: A latent model.
        starts: Array of shape (count, height, width, channels) in [0, 1]; of a dict of
            arrays, the first entry that is an image is drawn.
        ends: The same number of them.
        steps: Decodings in a row, both ends included. Defaults to 10.
        method: `"linear"` or `"spherical"`, as in `latent_space.interpolate`. Defaults
            to `None`: spherical where the prior says that codes lie on a sphere, and
            linear elsewhere.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If the numbers of images differ, there is none, one is not in
            [0, 1], or `steps` or `method` is not what `latent_space.interpolate` takes.

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> figure = interpolations(model, np.zeros((3, 8, 8, 1)), np.ones((3, 8, 8, 1)))
    """
    check_is_model(model, "encode", "decode", "target")
    first = image_entries(model.target(starts), "starts")
    last = image_entries(model.target(ends), "ends")
    counts = len(next(iter(first.values()))), len(next(iter(last.values())))
    if counts[0] != counts[1] or not counts[0]:
        raise ValueError(
            "`starts` and `ends` must hold the same number of images, at least one. "
            f"Received: {counts[0]} starts and {counts[1]} ends"
        )
    with arguments_called(x="starts"):
        first_codes = np.asarray(model.encode(starts))
    with arguments_called(x="ends"):
        last_codes = np.asarray(model.encode(ends))
    paths = _paths(model, first_codes, last_codes, steps, method)
    name, decoded = decoded_images(model, paths)
    for argument, originals in (("starts", first), ("ends", last)):
        check_unit_range(argument, originals[name])
    shares = [f"{share:.2g}" for share in np.linspace(0.0, 1.0, decoded.shape[1])]
    return image_rows(
        [first[name][:, None], decoded, last[name][:, None]],
        [["start"], shares, ["end"]],
    )


def _paths(
    model: Any, starts: np.ndarray, ends: np.ndarray, steps: int, method: str | None
) -> np.ndarray:
    """Codes from starts to ends, of shape (count, steps, *code_shape)."""
    if method is None:
        method = "spherical" if code_space(model) == "sphere" else "linear"
    check_choice("method", method, ["linear", "spherical"])
    if code_space(model) != "sphere" or method == "linear":
        return interpolate(starts, ends, steps, method)
    # Of a map, each position has a sphere of its own.
    ways = interpolate(
        starts.reshape(-1, starts.shape[-1]),
        ends.reshape(-1, ends.shape[-1]),
        steps,
        method,
    )
    ways = ways.reshape(len(starts), -1, *ways.shape[1:]).swapaxes(1, 2)
    return ways.reshape(len(starts), steps, *starts.shape[1:])
