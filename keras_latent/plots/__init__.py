"""Figures, drawn without a display: each function returns a matplotlib `Figure`."""

from keras_latent.plots.files import save
from keras_latent.plots.learning_curves import learning_curves
from keras_latent.plots.reconstructions import reconstructions, worst_and_best
from keras_latent.plots.samples import prior_samples

__all__ = [
    "learning_curves",
    "prior_samples",
    "reconstructions",
    "save",
    "worst_and_best",
]
