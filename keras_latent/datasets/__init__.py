"""Images in, `tf.data` out: by name, from a folder, or from tensorflow-datasets."""

from keras_latent.datasets.loading import (
    DATASETS,
    arrays,
    epochs,
    image_shape,
    load,
    splits,
)
from keras_latent.inversion.emoji_scenes import emoji_scenes, regions_of
from keras_latent.inversion.transformed_pairs import transformed_pairs

__all__ = [
    "DATASETS",
    "arrays",
    "emoji_scenes",
    "epochs",
    "image_shape",
    "load",
    "regions_of",
    "splits",
    "transformed_pairs",
]
