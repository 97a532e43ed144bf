"""Pieces of networks."""

from keras_latent.inversion.hyper_conv import HyperConv2D
from keras_latent.inversion.hyper_dense import HyperDense
from keras_latent.inversion.region_pooling import RegionPooling
from keras_latent.layers.corruption import (
    Corruption,
    GaussianCorruption,
    MaskingCorruption,
)
from keras_latent.layers.masked_convolution import MaskedConv2D
from keras_latent.layers.noise import StandardNormal
from keras_latent.layers.repair import Repair
from keras_latent.layers.spectral_norms import SpectralNorms

__all__ = [
    "Corruption",
    "GaussianCorruption",
    "HyperConv2D",
    "HyperDense",
    "MaskedConv2D",
    "MaskingCorruption",
    "RegionPooling",
    "Repair",
    "SpectralNorms",
    "StandardNormal",
]
