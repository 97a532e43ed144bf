"""Datasets by name: for training, as arrays, and for a run that can be resumed."""

import os
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from keras_latent.datasets.opened import OpenedDataset, open_dataset
from keras_latent.datasets.source import ImageSize, Source, height_and_width
from keras_latent.validation import check_in_range, checked_positive_integer

Name: TypeAlias = str | os.PathLike | OpenedDataset
"""What to load: a name, a path, or what `open_dataset` gave."""

_BATCH = 256


def load(
    name: Name,
    split: str,
    batch_size: int | None = None,
    image_size: ImageSize | None = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tf.data.Dataset:
    """Load a split of a dataset as a `tf.data.Dataset` of (image, label).

    The files of a folder are decoded once before, so that all that are damaged are
    named at once; the library remembers it as long as they stay the same.

    Args:
        name: `"mnist"`, `"emoji"`, `"icons"`, `"shapes"`, `"cats"`, `"robots"`, the
            path of a folder of images, or the name of any dataset of
            tensorflow-datasets. A name that is both is read as our own dataset, or else
            as the folder. Or what `open_dataset` gave, which has more options, and
            scans a folder but once.
        split: `"train"`, `"test"`, or what the dataset has; also a slice, such as
            `"train[:1000]"`.
        batch_size: Images in a batch; the last one holds what is left. Defaults to
            `None`: single images.
        image_size: The side or the `(height, width)` of the images in pixels; they
            are resized with antialiasing. Defaults to `None`: their own size.
        shuffle: Whether to give another order at each pass. Defaults to `False`.
        seed: Makes the orders the same at each call. Defaults to `None`: drawn anew.

    Returns:
        Images are float32 in [0, 1] of shape (height, width, channels), labels int64:
        a class, the indices of the factors where they are known (`shapes.FACTORS`,
        `cats.FACTORS`, `robots.FACTORS`), or -1 where there is none.
        Batches have one more dimension in front.

    Raises:
        FileNotFoundError: If there are no such files and they cannot be downloaded.
        ValueError: If an argument is not among its choices, or an image is unreadable.

    >>> digits = load("mnist", "train", batch_size=128, shuffle=True)
    >>> digits.element_spec[0].shape
    TensorShape([None, 28, 28, 1])
    >>> len(digits)
    469
    """
    if batch_size is not None:
        batch_size = checked_positive_integer("batch_size", batch_size)
    source = _open(name, split, image_size)
    source.check()

    def one_pass(seed: Any = None) -> tf.data.Dataset:
        return source.batches(batch_size or _BATCH, seed)

    if shuffle:
        # A dataset of one element, the seed of the pass, drawn when the pass begins.
        seeds = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)
        dataset = seeds.batch(2).take(1).flat_map(one_pass)
    else:
        dataset = one_pass()
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    if batch_size is None:
        dataset = dataset.unbatch()
    return dataset.apply(
        tf.data.experimental.assert_cardinality(-(-source.size // (batch_size or 1)))
    )


def arrays(
    name: Name,
    split: str,
    image_size: ImageSize | None = None,
    limit: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Load a split of a dataset as NumPy arrays.

    Args:
        name: As for `load`.
        split: As for `load`.
        image_size: As for `load`. Defaults to `None`.
        limit: How many examples to give at most, from the first on. Defaults to
            `None`: all.

    Returns:
        Images, float32 in [0, 1] of shape (n, height, width, channels), and labels,
        int64 of shape (n, ...).

    Raises:
        FileNotFoundError: As for `load`.
        ValueError: As for `load`.

    >>> images, labels = arrays("mnist", "test", limit=500)
    >>> images.shape, labels[:5].tolist()
    ((500, 28, 28, 1), [7, 2, 1, 0, 4])
    """
    if limit is not None:
        limit = checked_positive_integer("limit", limit)
    source = _open(name, split, image_size)
    size = min(source.size, limit or source.size)
    if size < source.size and source.file_paths:
        source = source.take(range(size))
    source.check()
    images = np.empty((size, *source.image_shape), np.float32)
    labels = []
    start = 0
    batches = source.batches(min(_BATCH, size)).take(-(-size // _BATCH))
    for some_images, some_labels in batches.as_numpy_iterator():
        stop = min(start + len(some_images), size)
        images[start:stop] = some_images[: stop - start]
        labels.append(some_labels[: stop - start])
        start = stop
    return images, np.concatenate(labels)


def epochs(
    name: Name,
    split: str,
    batch_size: int,
    seed: int,
    initial_epoch: int = 0,
    image_size: ImageSize | None = None,
) -> tuple[tf.data.Dataset, int]:
    """Load a split as an endless stream of shuffled epochs that can be resumed.

    The order of an epoch is a function of `seed` and the epoch's number alone: a run
    that goes on at `initial_epoch` sees the batches that an unbroken one would see.

    Args:
        name: As for `load`.
        split: As for `load`.
        batch_size: Images in a batch; the last one of an epoch holds what is left.
        seed: Any integer.
        initial_epoch: The epoch to begin with. Defaults to 0.
        image_size: As for `load`. Defaults to `None`.

    Returns:
        The endless dataset of (images, labels), and the number of batches that make
        one epoch: the `steps_per_epoch` of `fit`.

    Raises:
        FileNotFoundError: As for `load`.
        ValueError: As for `load`.

    >>> batches, steps_per_epoch = epochs("mnist", "train", batch_size=128, seed=1)
    >>> steps_per_epoch
    469
    """
    batch_size = checked_positive_integer("batch_size", batch_size)
    check_in_range("seed", seed, -(2**63), 2**63 - 1)
    check_in_range("initial_epoch", initial_epoch)
    source = _open(name, split, image_size)
    source.check()
    numbers = tf.data.Dataset.counter(start=initial_epoch)
    dataset = numbers.flat_map(
        lambda epoch: source.batches(batch_size, tf.stack([seed, epoch]))
    )
    return dataset.prefetch(tf.data.AUTOTUNE), -(-source.size // batch_size)


def image_shape(
    name: Name,
    image_size: ImageSize | None = None,
    split: str = "train",
) -> tuple[int, int, int]:
    """Give the `(height, width, channels)` of the images that `load` would give.

    Args:
        name: As for `load`.
        image_size: As for `load`. Defaults to `None`.
        split: As for `load`. It matters only for datasets without a split `"train"`.
            Defaults to `"train"`.

    Raises:
        FileNotFoundError: As for `load`.
        ValueError: As for `load`.

    >>> image_shape("shapes", image_size=64)
    (64, 64, 3)
    """
    return _open(name, split, image_size).image_shape


def splits(name: Name, image_size: ImageSize | None = None) -> tuple[str, ...]:
    """Give the names of a dataset's splits.

    Args:
        name: As for `load`.
        image_size: As for `load`. Defaults to `None`.

    Raises:
        FileNotFoundError: As for `load`.
        ValueError: As for `load`.

    >>> splits("mnist")
    ('train', 'test')
    """
    if isinstance(name, OpenedDataset):
        return name.splits
    return _open(name, "train", image_size).splits


def _open(name: Name, split: str, image_size: ImageSize | None) -> Source:
    if not isinstance(name, OpenedDataset):
        return open_dataset(name, image_size).split(split)
    source = name.split(split)
    if image_size is not None:
        size = height_and_width(image_size)
        if size != source.image_shape[:2]:
            raise ValueError(
                "`image_size` must be given to `open_dataset`, for a dataset that was "
                f"opened already, with images of {source.image_shape[:2]}. "
                f"Received: image_size={image_size!r}"
            )
    return source
