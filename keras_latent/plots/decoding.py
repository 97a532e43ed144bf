"""Codes to images, for the figures that draw what a model decodes."""

import math
from typing import Any

import numpy as np

from keras_latent.distributions import Normal
from keras_latent.images import image_entries
from keras_latent.kinds import check_offers

_RIM = 0.996
"""The part of a ball's radius at which what lies beyond it is drawn."""


def check_is_model(model: Any, *names: str) -> None:
    """Refuse what can't do what a figure asks of a latent model.

    Args:
        model: What the caller gave.
        *names: What is asked of it.

    Raises:
        ValueError: If it lacks one of them.
    """
    check_offers("model", model, "a latent model", *names)


def decoded_images(model: Any, codes: Any) -> tuple[str, np.ndarray]:
    """Decode codes, in whatever arrangement; those beyond a ball's rim at its rim.

    Args:
        model: A latent model.
        codes: Array of shape (..., *code_shape).

    Returns:
        The name of the first entry that is an image, and those images as an array of
        shape (..., height, width, channels).
    """
    codes = np.asarray(codes, "float32")
    radius = code_radius(model)
    if math.isfinite(radius):
        length = np.linalg.norm(codes, axis=-1, keepdims=True)
        codes = codes * np.minimum(1.0, _RIM * radius / np.maximum(length, 1e-12))
        codes = codes.astype("float32")
    decoded = image_entries(model.decode(codes.reshape(-1, *model.code_shape)))
    name, images = next(iter(decoded.items()))
    arrangement = codes.shape[: codes.ndim - len(model.code_shape)]
    return name, images.reshape(*arrangement, *images.shape[1:])


def code_space(model: Any) -> str:
    """Where the codes of a model lie: that of its prior, `"real"` without one."""
    prior = getattr(model, "prior", None)
    return "real" if prior is None else prior.space


def code_radius(model: Any) -> float:
    """What the codes of a model are shorter than, infinite where there is no bound."""
    return getattr(getattr(model, "posterior", None), "radius", math.inf)


def is_standard_normal(prior: Any) -> bool:
    """Whether a prior is N(0, I), and not one that was derived from it."""
    return type(prior) is Normal
