"""Latent models: one file a variant."""

from keras_latent.models.autoencoder import Autoencoder
from keras_latent.models.constrained_autoencoder import ConstrainedAutoencoder
from keras_latent.models.contractive_autoencoder import ContractiveAutoencoder
from keras_latent.models.denoising_autoencoder import DenoisingAutoencoder
from keras_latent.models.deterministic import DeterministicModel
from keras_latent.models.encdec import EncDec
from keras_latent.models.feature_inverter import FeatureInverter
from keras_latent.models.latent_model import LatentModel
from keras_latent.models.players import Player
from keras_latent.models.sparse_autoencoder import SparseAutoencoder
from keras_latent.models.training import ObjectiveModel
from keras_latent.models.vae import VAE
from keras_latent.models.variational import Posterior, VariationalModel
from keras_latent.models.variational_encdec import VariationalEncDec

VARIANTS: dict[str, type[LatentModel]] = {
    "autoencoder": Autoencoder,
    "sparse": SparseAutoencoder,
    "contractive": ContractiveAutoencoder,
    "denoising": DenoisingAutoencoder,
    "vae": VAE,
    "constrained": ConstrainedAutoencoder,
    "inverter": FeatureInverter,
    "encdec": EncDec,
    "variational-encdec": VariationalEncDec,
}
"""The variants by their names on the command line."""

__all__ = [
    "VAE",
    "VARIANTS",
    "Autoencoder",
    "ConstrainedAutoencoder",
    "ContractiveAutoencoder",
    "DenoisingAutoencoder",
    "DeterministicModel",
    "EncDec",
    "FeatureInverter",
    "LatentModel",
    "ObjectiveModel",
    "Player",
    "Posterior",
    "SparseAutoencoder",
    "VariationalEncDec",
    "VariationalModel",
]
