"""Latent models: one file a variant."""

from keras_latent.models.adversarial.adversarial_autoencoder import (
    AdversarialAutoencoder,
)
from keras_latent.models.adversarial.alae import ALAE
from keras_latent.models.adversarial.bigan import BiGAN
from keras_latent.models.adversarial.soft_intro_vae import SoftIntroVAE
from keras_latent.models.adversarial.vaegan import VAEGAN
from keras_latent.models.autoencoders.autoencoder import Autoencoder
from keras_latent.models.autoencoders.constrained_autoencoder import (
    ConstrainedAutoencoder,
)
from keras_latent.models.autoencoders.contractive_autoencoder import (
    ContractiveAutoencoder,
)
from keras_latent.models.autoencoders.denoising_autoencoder import DenoisingAutoencoder
from keras_latent.models.autoencoders.implicit_rank_autoencoder import (
    ImplicitRankAutoencoder,
)
from keras_latent.models.autoencoders.regularized_autoencoder import (
    RegularizedAutoencoder,
)
from keras_latent.models.autoencoders.sparse_autoencoder import SparseAutoencoder
from keras_latent.models.autoencoders.wasserstein_autoencoder import (
    WassersteinAutoencoder,
)
from keras_latent.models.combinations import COMBINATIONS, variant_and_settings
from keras_latent.models.contrastive.encdec import EncDec
from keras_latent.models.contrastive.variational_encdec import VariationalEncDec
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.models.discrete.vqgan import VQGAN
from keras_latent.models.discrete.vqvae import VQVAE
from keras_latent.models.discrete.vqvae2 import VQVAE2
from keras_latent.models.discrete_model import DiscreteModel
from keras_latent.models.inversion.feature_inverter import FeatureInverter
from keras_latent.models.latent_model import LatentModel
from keras_latent.models.variational.autoencoder_kl import AutoencoderKL
from keras_latent.models.variational.beta_tc_vae import BetaTCVAE
from keras_latent.models.variational.capacity_vae import CapacityVAE
from keras_latent.models.variational.ciwae import CIWAE
from keras_latent.models.variational.conditional_vae import ConditionalVAE
from keras_latent.models.variational.dip_vae import DIPVAE
from keras_latent.models.variational.factor_vae import FactorVAE
from keras_latent.models.variational.hamiltonian_vae import HamiltonianVAE
from keras_latent.models.variational.hierarchical_vae import HierarchicalVAE
from keras_latent.models.variational.info_vae import InfoVAE
from keras_latent.models.variational.iwae import IWAE
from keras_latent.models.variational.miwae import MIWAE
from keras_latent.models.variational.piwae import PIWAE
from keras_latent.models.variational.semi_supervised_vae import SemiSupervisedVAE
from keras_latent.models.variational.vae import VAE
from keras_latent.models.variational.weakly_supervised_vae import WeaklySupervisedVAE
from keras_latent.models.variational_model import Latent, VariationalModel
from keras_latent.training.objective_model import ObjectiveModel
from keras_latent.training.players import Player

VARIANTS: dict[str, type[LatentModel]] = {
    "autoencoder": Autoencoder,
    "sparse": SparseAutoencoder,
    "contractive": ContractiveAutoencoder,
    "denoising": DenoisingAutoencoder,
    "vae": VAE,
    "iwae": IWAE,
    "miwae": MIWAE,
    "ciwae": CIWAE,
    "piwae": PIWAE,
    "conditional-vae": ConditionalVAE,
    "factor-vae": FactorVAE,
    "capacity-vae": CapacityVAE,
    "info-vae": InfoVAE,
    "beta-tc-vae": BetaTCVAE,
    "dip-vae": DIPVAE,
    "wasserstein": WassersteinAutoencoder,
    "regularized": RegularizedAutoencoder,
    "implicit-rank": ImplicitRankAutoencoder,
    "semi-supervised-vae": SemiSupervisedVAE,
    "weakly-supervised-vae": WeaklySupervisedVAE,
    "hierarchical-vae": HierarchicalVAE,
    "hamiltonian-vae": HamiltonianVAE,
    "vqvae": VQVAE,
    "vqvae2": VQVAE2,
    "vqgan": VQGAN,
    "autoencoder-kl": AutoencoderKL,
    "adversarial": AdversarialAutoencoder,
    "vae-gan": VAEGAN,
    "bigan": BiGAN,
    "alae": ALAE,
    "soft-intro-vae": SoftIntroVAE,
    "constrained": ConstrainedAutoencoder,
    "inverter": FeatureInverter,
    "encdec": EncDec,
    "variational-encdec": VariationalEncDec,
}
"""The variants by their names on the command line."""

__all__ = [
    "ALAE",
    "CIWAE",
    "COMBINATIONS",
    "DIPVAE",
    "IWAE",
    "MIWAE",
    "PIWAE",
    "VAE",
    "VAEGAN",
    "VARIANTS",
    "VQGAN",
    "VQVAE",
    "VQVAE2",
    "AdversarialAutoencoder",
    "Autoencoder",
    "AutoencoderKL",
    "BetaTCVAE",
    "BiGAN",
    "CapacityVAE",
    "ConditionalVAE",
    "ConstrainedAutoencoder",
    "ContractiveAutoencoder",
    "DenoisingAutoencoder",
    "DeterministicModel",
    "DiscreteModel",
    "EncDec",
    "FactorVAE",
    "FeatureInverter",
    "HamiltonianVAE",
    "HierarchicalVAE",
    "ImplicitRankAutoencoder",
    "InfoVAE",
    "Latent",
    "LatentModel",
    "ObjectiveModel",
    "Player",
    "RegularizedAutoencoder",
    "SemiSupervisedVAE",
    "SoftIntroVAE",
    "SparseAutoencoder",
    "VariationalEncDec",
    "VariationalModel",
    "WassersteinAutoencoder",
    "WeaklySupervisedVAE",
    "variant_and_settings",
]
