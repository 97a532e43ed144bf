"""How near generated images are to real ones, in numbers of features.

Each metric takes real and generated arrays, and an extractor of features: any Keras
model, the name of one of ours, or `None` if the arrays are features. No score has a
famous name alone: numbers of other features are other numbers, so one by a classifier
of emoji is "FID-emoji".

Real and generated images must be scaled alike, and real ones lie in [0, 1] for our own
extractors. Whole numbers up to 255 beside floats up to 1 are refused, and floats up to
255 beside such are warned of.
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
