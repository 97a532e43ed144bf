"""What draws images for a model: its prior, and samplers fitted to its codes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from keras_latent.images import image_entries
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.samplers.base import Sampler

PRIOR = "prior"


class Generator(NamedTuple):
    """What draws images.

    Args:
        name: `"prior"`, or what the sampler was saved as.
        draw: (count, seed) → images of shape (count, height, width, channels).
    """

    name: str
    draw: Callable[[int, int], np.ndarray]


def generators(reported: ReportedModel) -> list[Generator]:
    """The prior, if the model has one, and the samplers; none of conditional models.

    Args:
        reported: The model, with its samplers, and the images.
    """
    model = reported.model
    if not reported.decodes_codes_alone:
        return []
    found = []
    if model.has_prior:
        found.append(Generator(PRIOR, _pictures(reported, model.sample)))
    for name, sampler in reported.samplers.items():
        found.append(Generator(name, _pictures(reported, _draws(sampler))))
    return found


def _pictures(
    reported: ReportedModel, draw: Callable[..., Any]
) -> Callable[[int, int], np.ndarray]:
    return lambda count, seed: image_entries(draw(count, seed=seed))[reported.picture]


def _draws(sampler: Sampler) -> Callable[..., Any]:
    """Draws of a sampler, as many of each label if it was fitted with labels."""

    def draw(count: int, seed: int) -> Any:
        labels = sampler.classes
        if labels is not None:
            labels = np.sort(np.resize(labels, count))
        return sampler.sample(count, seed, labels)

    return draw
