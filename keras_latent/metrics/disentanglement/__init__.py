"""How well codes separate the factors that made the images.

Each metric takes codes of shape (n, latent_dim) and the factors of the same rows; `udr`
alone takes the codes of several models and no factors. To compare with published
values, give the means of posteriors, not samples.
"""

from keras_latent.metrics.disentanglement.beta_vae_score import beta_vae_score
from keras_latent.metrics.disentanglement.dci import DCIScore, dci
from keras_latent.metrics.disentanglement.explicitness import explicitness
from keras_latent.metrics.disentanglement.factor_vae_score import factor_vae_score
from keras_latent.metrics.disentanglement.infomec import InfoMECScore, infomec
from keras_latent.metrics.disentanglement.irs import irs
from keras_latent.metrics.disentanglement.mig import mig
from keras_latent.metrics.disentanglement.mig_sup import mig_sup
from keras_latent.metrics.disentanglement.modularity import modularity
from keras_latent.metrics.disentanglement.sap import sap
from keras_latent.metrics.disentanglement.udr import UDRScore, udr

__all__ = [
    "DCIScore",
    "InfoMECScore",
    "UDRScore",
    "beta_vae_score",
    "dci",
    "explicitness",
    "factor_vae_score",
    "infomec",
    "irs",
    "mig",
    "mig_sup",
    "modularity",
    "sap",
    "udr",
]
