"""Pieces of networks."""

from keras_latent.layers.corruption import (
    Corruption,
    GaussianCorruption,
    MaskingCorruption,
)
from keras_latent.layers.noise import StandardNormal
from keras_latent.layers.repair import Repair

__all__ = [
    "Corruption",
    "GaussianCorruption",
    "MaskingCorruption",
    "Repair",
    "StandardNormal",
]
