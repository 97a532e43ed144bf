"""Latent models with trained weights, in the style of `keras.applications`."""

from keras_latent.applications.conv_autoencoder import ConvAutoencoder
from keras_latent.applications.conv_constrained_autoencoder import (
    ConvConstrainedAutoencoder,
)
from keras_latent.applications.conv_encdec import ConvEncDec
from keras_latent.applications.conv_feature_inverter import ConvFeatureInverter
from keras_latent.applications.conv_kl_autoencoder import ConvKLAutoencoder
from keras_latent.applications.conv_vae import ConvVAE
from keras_latent.applications.conv_vq_autoencoder import ConvVQAutoencoder
from keras_latent.applications.emoji_detector import EmojiDetector
from keras_latent.applications.listing import BUILDERS, list_weights
from keras_latent.applications.preprocessing import preprocess_input
from keras_latent.applications.samplers import list_samplers, pretrained_sampler

__all__ = [
    "BUILDERS",
    "ConvAutoencoder",
    "ConvConstrainedAutoencoder",
    "ConvEncDec",
    "ConvFeatureInverter",
    "ConvKLAutoencoder",
    "ConvVAE",
    "ConvVQAutoencoder",
    "EmojiDetector",
    "list_samplers",
    "list_weights",
    "preprocess_input",
    "pretrained_sampler",
]


def __dir__() -> list[str]:
    return sorted(__all__)
