"""Which builders there are, and which weights each has."""

from keras_latent.applications import (
    conv_autoencoder,
    conv_constrained_autoencoder,
    conv_encdec,
    conv_feature_inverter,
    conv_vae,
)
from keras_latent.applications.weight_files import known_weights

BUILDERS = {
    "ConvAutoencoder": conv_autoencoder.ConvAutoencoder,
    "ConvConstrainedAutoencoder": (
        conv_constrained_autoencoder.ConvConstrainedAutoencoder
    ),
    "ConvEncDec": conv_encdec.ConvEncDec,
    "ConvFeatureInverter": conv_feature_inverter.ConvFeatureInverter,
    "ConvVAE": conv_vae.ConvVAE,
}
"""The builders of pretrained models, by name."""

_ARCHITECTURES = (
    conv_autoencoder.ARCHITECTURE,
    conv_constrained_autoencoder.ARCHITECTURE,
    conv_encdec.ARCHITECTURE,
    conv_feature_inverter.ARCHITECTURE,
    conv_vae.ARCHITECTURE,
)


def list_weights() -> dict[str, tuple[str, ...]]:
    """Give the names of the weights that each builder takes.

    >>> list_weights()["ConvVAE"]
    ('mnist', 'emoji')
    """
    return {
        architecture.builder: known_weights(architecture.folder)
        for architecture in _ARCHITECTURES
    }
