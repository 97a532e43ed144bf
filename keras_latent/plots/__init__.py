"""Figures, drawn without a display: each function returns a matplotlib `Figure`."""

from keras_latent.plots.anomaly_scores import anomaly_scores, roc_curves
from keras_latent.plots.attribute_edits import attribute_edits
from keras_latent.plots.cluster_sheets import cluster_sheets
from keras_latent.plots.code_usage import code_usage
from keras_latent.plots.few_shot_accuracies import few_shot_accuracies
from keras_latent.plots.files import save
from keras_latent.plots.interpolations import interpolations
from keras_latent.plots.inversions import inversions
from keras_latent.plots.learning_curves import learning_curves
from keras_latent.plots.manifold_grid import manifold_grid
from keras_latent.plots.neighbours import neighbours
from keras_latent.plots.projection import projection
from keras_latent.plots.reconstructions import reconstructions, worst_and_best
from keras_latent.plots.samples import prior_samples, samples
from keras_latent.plots.traversals import traversals

__all__ = [
    "anomaly_scores",
    "attribute_edits",
    "cluster_sheets",
    "code_usage",
    "few_shot_accuracies",
    "interpolations",
    "inversions",
    "learning_curves",
    "manifold_grid",
    "neighbours",
    "prior_samples",
    "projection",
    "reconstructions",
    "roc_curves",
    "samples",
    "save",
    "traversals",
    "worst_and_best",
]
