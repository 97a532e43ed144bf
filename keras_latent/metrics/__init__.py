"""How good a representation is, in numbers that carry their protocol."""

from keras_latent.metrics.linear_probe import linear_probe
from keras_latent.metrics.nearest_neighbours import knn_accuracy
from keras_latent.metrics.reconstruction import mean_squared_error
from keras_latent.metrics.score import Score

__all__ = ["Score", "knn_accuracy", "linear_probe", "mean_squared_error"]
