"""What to do while `fit` runs: stop, schedule weights, write to TensorBoard."""

from keras_latent.callbacks.code_histogram import CodeHistograms
from keras_latent.callbacks.code_usage import CodeUsage
from keras_latent.callbacks.embedding_projector import EmbeddingProjector
from keras_latent.callbacks.images import ReconstructionImages, SampleImages
from keras_latent.callbacks.latent_equilibrium import LatentEquilibrium
from keras_latent.callbacks.learning_curves import LearningCurves
from keras_latent.callbacks.schedules import (
    Cyclic,
    Exponential,
    Linear,
    Schedule,
)
from keras_latent.callbacks.weight_schedule import WeightSchedule

__all__ = [
    "CodeHistograms",
    "CodeUsage",
    "Cyclic",
    "EmbeddingProjector",
    "Exponential",
    "LatentEquilibrium",
    "LearningCurves",
    "Linear",
    "ReconstructionImages",
    "SampleImages",
    "Schedule",
    "WeightSchedule",
]
