"""Densities that are fitted to the codes of a trained model, and generate from them."""

from keras_latent.samplers.base import Sampler
from keras_latent.samplers.flow_matching import FlowMatching
from keras_latent.samplers.gaussian_mixture import GaussianMixture
from keras_latent.samplers.loading import load_sampler
from keras_latent.samplers.manifold import Manifold
from keras_latent.samplers.masked_autoregressive_flow import MaskedAutoregressiveFlow
from keras_latent.samplers.normal import Normal
from keras_latent.samplers.pixel_cnn import PixelCNN
from keras_latent.samplers.token_transformer import TokenTransformer
from keras_latent.samplers.two_stage import TwoStage
from keras_latent.samplers.uniform_sphere import UniformSphere
from keras_latent.samplers.vamp import Vamp

__all__ = [
    "FlowMatching",
    "GaussianMixture",
    "Manifold",
    "MaskedAutoregressiveFlow",
    "Normal",
    "PixelCNN",
    "Sampler",
    "TokenTransformer",
    "TwoStage",
    "UniformSphere",
    "Vamp",
    "load_sampler",
]
