"""Images in, `tf.data` out: by name, from a folder, or from tensorflow-datasets."""

from keras_latent.datasets.loading import arrays, epochs, image_shape, load, splits
from keras_latent.datasets.opened import DATASETS, OpenedDataset, open_dataset
from keras_latent.inversion.emoji_scenes import emoji_scenes, regions_of
from keras_latent.inversion.transformed_pairs import transformed_pairs

__all__ = [
    "DATASETS",
    "OpenedDataset",
    "arrays",
    "emoji_scenes",
    "epochs",
    "image_shape",
    "load",
    "open_dataset",
    "regions_of",
    "splits",
    "transformed_pairs",
]
