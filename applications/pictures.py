"""The data of the recipes: those of the library, and emoji and icons together."""

import functools

import numpy as np

import keras_latent as kl
from keras_latent.datasets import OpenedDataset
from keras_latent.datasets.source import ArraySource, Source, select

PARTS = {"pictures": ("emoji", "icons")}
"""The names of data that are several datasets together."""


@functools.cache
def opened(name: str) -> OpenedDataset:
    """Open the data of a recipe.

    Args:
        name: A key of `PARTS`, or a name that `kl.datasets.load` takes.

    Returns:
        The dataset. The labels of several together say which of them an image is from.
    """
    if name not in PARTS:
        return kl.datasets.open_dataset(name)
    parts = [kl.datasets.open_dataset(part) for part in PARTS[name]]

    def open_split(split: str) -> Source:
        base = split.partition("[")[0]
        sources = [part.split(base) for part in parts]
        images = np.concatenate([_stored(source) for source in sources])
        labels = np.repeat(range(len(sources)), [source.size for source in sources])
        _, examples = select(split, {base: len(images)})
        return ArraySource(
            images[examples],
            labels[examples],
            ("train", "validation", "test"),
            class_names=PARTS[name],
        )

    return OpenedDataset(name, open_split)


def _stored(source: Source) -> np.ndarray:
    batches = source.stored_batches(1000).as_numpy_iterator()
    return np.concatenate([images for images, _ in batches])
