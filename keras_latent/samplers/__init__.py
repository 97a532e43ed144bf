"""Densities that are fitted to the codes of a trained model, and generate from them."""

from keras_latent.samplers.base import Sampler
from keras_latent.samplers.gaussian_mixture import GaussianMixture
from keras_latent.samplers.loading import load_sampler
from keras_latent.samplers.normal import Normal

__all__ = ["GaussianMixture", "Normal", "Sampler", "load_sampler"]
