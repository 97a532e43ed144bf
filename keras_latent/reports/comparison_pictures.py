"""Strips of images of a comparison: originals, reconstructions, samples."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from keras_latent.images import tile
from keras_latent.reports.compared_model import ComparedModel
from keras_latent.reports.generated import Generated
from keras_latent.reports.reported_model import ReportedModel

SHOWN = 12
_LEAST_PIXELS = 64


class Strip(NamedTuple):
    """Images in a row, as PNG.

    Args:
        source: A data URI.
        width: In pixels.
        height: In pixels.
    """

    source: str
    width: int
    height: int


class Strips(NamedTuple):
    """What one model makes of images, and what it makes up.

    Args:
        name: What the model is called.
        originals: Some held-out images, the same of all models.
        reconstructions: What the model makes of them.
        samples: Images of its prior and of its samplers, by their names.
    """

    name: str
    originals: Strip
    reconstructions: Strip
    samples: Mapping[str, Strip]


def strips(
    one: ComparedModel, reported: ReportedModel, generated: Sequence[Generated]
) -> Strips:
    """Draw them.

    Args:
        one: The model.
        reported: It and the images.
        generated: What it makes up, for each generator.
    """
    drawn = reported.drawn(reported.order[:SHOWN])
    samples = {part.name: strip(part.images(SHOWN, part.seed)) for part in generated}
    return Strips(one.group, strip(drawn.images), strip(drawn.decoded), samples)


def strip(images: np.ndarray) -> Strip:
    """Images of shape (count, height, width, 1 or 3) in a row."""
    from PIL import Image

    times = -(-_LEAST_PIXELS // max(images.shape[1:3]))
    large = np.asarray(images).repeat(times, axis=1).repeat(times, axis=2)
    pixels = np.rint(255 * np.clip(tile(large, len(large)), 0, 1)).astype("uint8")
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    written = io.BytesIO()
    picture.save(written, format="PNG", optimize=True)
    encoded = base64.b64encode(written.getvalue()).decode("ascii")
    return Strip(f"data:image/png;base64,{encoded}", *picture.size)
