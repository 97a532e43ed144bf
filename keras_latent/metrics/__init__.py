"""How good a representation is, in numbers that carry their protocol."""

from keras_latent.inversion.average_precision import average_precision
from keras_latent.metrics import anomaly, disentanglement, generation
from keras_latent.metrics.active_units import active_units
from keras_latent.metrics.baselines import (
    PrincipalComponents,
    majority_accuracy,
    principal_components,
)
from keras_latent.metrics.few_shot import few_shot_accuracy
from keras_latent.metrics.latent_length import latent_length
from keras_latent.metrics.linear_probe import linear_probe
from keras_latent.metrics.nearest_neighbours import knn_accuracy
from keras_latent.metrics.reconstruction import (
    mean_squared_error,
    peak_signal_to_noise_ratio,
)
from keras_latent.metrics.retrieval import retrieval_accuracy
from keras_latent.metrics.score import Score
from keras_latent.metrics.structural_similarity import structural_similarity

__all__ = [
    "PrincipalComponents",
    "Score",
    "active_units",
    "anomaly",
    "average_precision",
    "disentanglement",
    "few_shot_accuracy",
    "generation",
    "knn_accuracy",
    "latent_length",
    "linear_probe",
    "majority_accuracy",
    "mean_squared_error",
    "peak_signal_to_noise_ratio",
    "principal_components",
    "retrieval_accuracy",
    "structural_similarity",
]
