"""Which builders there are, and which weights each has."""

from keras_latent.applications import conv_autoencoder, conv_encdec, conv_vae
from keras_latent.applications.weight_files import known_weights

BUILDERS = {
    "ConvAutoencoder": conv_autoencoder.ConvAutoencoder,
    "ConvEncDec": conv_encdec.ConvEncDec,
    "ConvVAE": conv_vae.ConvVAE,
}
"""The builders of pretrained models, by name."""

_ARCHITECTURES = (
    conv_autoencoder.ARCHITECTURE,
    conv_encdec.ARCHITECTURE,
    conv_vae.ARCHITECTURE,
)


def list_weights() -> dict[str, tuple[str, ...]]:
    """Give the names of the weights that each builder takes.

    >>> sorted(list_weights())
    ['ConvAutoencoder', 'ConvEncDec', 'ConvVAE']
    """
    return {
        architecture.builder: known_weights(architecture.folder)
        for architecture in _ARCHITECTURES
    }
