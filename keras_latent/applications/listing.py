"""Which builders there are, and which weights each has."""

from keras_latent.applications import (
    conv_autoencoder,
    conv_constrained_autoencoder,
    conv_encdec,
    conv_feature_inverter,
    conv_kl_autoencoder,
    conv_vae,
    conv_vq_autoencoder,
)
from keras_latent.applications.weight_files import known_weights

_MODULES = (
    conv_autoencoder,
    conv_constrained_autoencoder,
    conv_encdec,
    conv_feature_inverter,
    conv_kl_autoencoder,
    conv_vae,
    conv_vq_autoencoder,
)

_ARCHITECTURES = [module.ARCHITECTURE for module in _MODULES]

BUILDERS = {
    architecture.builder: vars(module)[architecture.builder]
    for module, architecture in zip(_MODULES, _ARCHITECTURES, strict=True)
}
"""The builders of pretrained models, by name."""


def list_weights() -> dict[str, tuple[str, ...]]:
    """Give the names of the weights that each builder takes.

    >>> list_weights()["ConvVAE"]
    ('mnist', 'emoji')
    """
    return {
        architecture.builder: known_weights(architecture.folder)
        for architecture in _ARCHITECTURES
    }
