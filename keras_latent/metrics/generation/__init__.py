"""How near generated images are to real ones, in numbers of features.

Each metric takes real and generated arrays, and an extractor of features: any Keras
model, the name of one of ours, or `None` if the arrays are features. No score has a
famous name alone: numbers of other features are other numbers, so one by a classifier
of emoji is "FID-emoji".
"""

from keras_latent.metrics.generation.density_coverage import (
    DensityCoverageScore,
    density_coverage,
)
from keras_latent.metrics.generation.fid import fid
from keras_latent.metrics.generation.inception_score import inception_score
from keras_latent.metrics.generation.kid import kid
from keras_latent.metrics.generation.precision_recall import (
    PrecisionRecallScore,
    precision_recall,
)

__all__ = [
    "DensityCoverageScore",
    "PrecisionRecallScore",
    "density_coverage",
    "fid",
    "inception_score",
    "kid",
    "precision_recall",
]
