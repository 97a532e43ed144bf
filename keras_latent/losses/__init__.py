"""Terms of objectives, as functions of codes."""

from keras_latent.losses.aggregate import aggregate_log_densities, decomposed_kl
from keras_latent.losses.bounds import importance_weighted_bound
from keras_latent.losses.covariance import covariance_deviations, covariance_penalty
from keras_latent.losses.discrepancy import mmd
from keras_latent.losses.divergences import (
    mean_divergence,
    normal_kl,
    standard_normal_kl,
    variance_divergence,
)
from keras_latent.losses.pairs import different, distance, same, squared_distance

__all__ = [
    "aggregate_log_densities",
    "covariance_deviations",
    "covariance_penalty",
    "decomposed_kl",
    "different",
    "distance",
    "importance_weighted_bound",
    "mean_divergence",
    "mmd",
    "normal_kl",
    "same",
    "squared_distance",
    "standard_normal_kl",
    "variance_divergence",
]
