"""Densities that are fitted to the codes of a trained model, and generate from them."""

from keras_latent.samplers.base import Sampler
from keras_latent.samplers.flow_matching import FlowMatching
from keras_latent.samplers.gaussian_mixture import GaussianMixture
from keras_latent.samplers.loading import load_sampler
from keras_latent.samplers.masked_autoregressive_flow import MaskedAutoregressiveFlow
from keras_latent.samplers.normal import Normal
from keras_latent.samplers.pixel_cnn import PixelCNN
from keras_latent.samplers.token_transformer import TokenTransformer
from keras_latent.samplers.uniform_sphere import UniformSphere

__all__ = [
    "FlowMatching",
    "GaussianMixture",
    "MaskedAutoregressiveFlow",
    "Normal",
    "PixelCNN",
    "Sampler",
    "TokenTransformer",
    "UniformSphere",
    "load_sampler",
]
