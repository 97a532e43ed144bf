"""One split of a dataset: its examples, in an order that the caller chooses."""

import hashlib
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from keras_latent.validation import check_choice

ImageSize: TypeAlias = int | tuple[int, int]
"""The side of an image in pixels, or its `(height, width)`."""


class Source(ABC):
    """One split of a dataset.

    Attributes:
        size: Number of examples.
        image_shape: `(height, width, channels)` of the images as they are given out.
        splits: The names of all splits of the dataset.
        class_names: The names of the classes, at the places that labels say; empty if
            there are no classes or no names.
        factor_names: The names of the factors whose values labels index, where a label
            is several numbers; empty if it is a class.
        file_paths: The file of each example, in the stored order; empty if they aren't
            files.
        labels: int64 of shape (size, ...), in the stored order; `None` if they are
            known only when the examples are read.
    """

    size: int
    image_shape: tuple[int, int, int]
    splits: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    factor_names: tuple[str, ...] = ()
    file_paths: tuple[str, ...] = ()
    labels: np.ndarray | None = None

    def batches(self, batch_size: int, seed: Any = None) -> tf.data.Dataset:
        """Give one pass over the split.

        Args:
            batch_size: Examples in a batch; the last batch holds what is left.
            seed: int64 tensor of shape (2,) that alone decides the order, or `None`
                for the stored order.

        Returns:
            A `tf.data.Dataset` of (images, labels): float32 in [0, 1] of shape
            (batch, height, width, channels), and int64 of shape (batch, ...).
        """

        def as_floats(images: Any, labels: Any) -> tuple[Any, Any]:
            return to_floats(images, self.image_shape[:2]), labels

        batches = self.stored_batches(batch_size, seed)
        return batches.map(as_floats, num_parallel_calls=tf.data.AUTOTUNE)

    @abstractmethod
    def stored_batches(self, batch_size: int, seed: Any = None) -> tf.data.Dataset:
        """Give what `batches` gives, in the smallest type that holds the images.

        Args:
            batch_size: As for `batches`.
            seed: As for `batches`.

        Returns:
            As from `batches`, but images may be uint8 or uint16, of all their levels.
        """

    @abstractmethod
    def take(self, indices: Any) -> "Source":
        """Give a part of the split.

        Args:
            indices: Sorted indices of shape (n,) into the stored order.

        Returns:
            A source of these examples.
        """

    @abstractmethod
    def fingerprint(self) -> str:
        """Tell by 64 letters from what data the pixels come, and how."""

    @abstractmethod
    def check(self) -> None:
        """Decode what may be damaged, once in a process, before work starts.

        Raises:
            ValueError: If files can't be read; it names them all.
        """


class ArraySource(Source):
    """A split that is held in memory, as bytes until it is given out.

    Args:
        images: uint8 array of shape (n, height, width, channels).
        labels: Integer array of shape (n, ...).
        splits: The names of all splits of the dataset.
        image_size: `(height, width)` to resize to, or `None`.
        class_names: The names of the classes. Defaults to none.
        factor_names: The names of the factors. Defaults to none.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        splits: Iterable[str],
        image_size: tuple[int, int] | None = None,
        class_names: Iterable[str] = (),
        factor_names: Iterable[str] = (),
    ) -> None:
        self.size = len(images)
        self.splits = tuple(splits)
        self.class_names = tuple(class_names)
        self.factor_names = tuple(factor_names)
        self.labels = np.asarray(labels, np.int64)
        self.image_shape = (*(image_size or images.shape[1:3]), images.shape[3])
        with tf.device("CPU"):  # Where tf.data reads them, with a GPU or without.
            self._images = tf.constant(images)
            self._labels = tf.constant(labels, tf.int64)

    def take(self, indices: Any) -> "ArraySource":
        """Give a part of the split, as `Source.take` says."""
        part = object.__new__(ArraySource)
        part.__dict__.update(self.__dict__)
        part.size = len(indices)
        part.labels = None if self.labels is None else self.labels[indices]
        with tf.device("CPU"):
            part._images = tf.gather(self._images, indices)
            part._labels = tf.gather(self._labels, indices)
        return part

    def fingerprint(self) -> str:
        """Tell from which arrays the pixels come, as `Source.fingerprint` says."""
        told = hashlib.sha256(repr(self.image_shape).encode())
        told.update(self._images.numpy())
        return told.hexdigest()

    def check(self) -> None:
        """Nothing is left to decode."""

    def stored_batches(self, batch_size: int, seed: Any = None) -> tf.data.Dataset:
        """Give one pass over the split, as `Source.stored_batches` says."""
        order = visiting_order(self.size, seed)
        is_resized = self._images.shape[1:3] != self.image_shape[:2]

        def batch_from(start: Any) -> tuple[Any, Any]:
            indices = order[start : start + batch_size]
            images = tf.gather(self._images, indices)
            if is_resized:
                images = to_floats(images, self.image_shape[:2])
            return images, tf.gather(self._labels, indices)

        starts = tf.data.Dataset.range(0, self.size, batch_size)
        return starts.map(batch_from, num_parallel_calls=tf.data.AUTOTUNE)


def visiting_order(size: int, seed: Any = None) -> Any:
    """Give the indices 0, ..., `size` - 1, in an order that `seed` alone decides.

    Args:
        size: Number of examples.
        seed: int64 tensor of shape (2,), or `None` for the stored order.

    Returns:
        int64 tensor of shape (size,).
    """
    with tf.device("CPU"):
        order = tf.range(size, dtype=tf.int64)
        if seed is None:
            return order
        return tf.random.experimental.stateless_shuffle(order, seed)


def to_floats(images: Any, image_size: tuple[int, int]) -> Any:
    """Convert integer images to floats in [0, 1] and resize those of another size.

    Args:
        images: uint8 or uint16 tensor of shape (..., height, width, channels), of
            rank 3 or 4.
        image_size: The `(height, width)` to give out.

    Returns:
        float32 tensor of shape (..., *image_size, channels).
    """
    images = tf.image.convert_image_dtype(images, tf.float32)
    sides = tuple(images.shape[-3:-1])
    if sides == image_size:
        return images
    # Antialiasing is ten times slower, and changes nothing in images that only grow.
    grows = (
        None not in sides and sides[0] <= image_size[0] and sides[1] <= image_size[1]
    )
    resized = tf.image.resize(images, image_size, antialias=not grows)
    return tf.clip_by_value(resized, 0.0, 1.0)


_HELD_OUT = (
    "`open_dataset(..., validation_split=0.1)` keeps a tenth of the training images as "
    "'validation'."
)


def select(split: str, sizes: Mapping[str, int]) -> tuple[str, slice]:
    """Read the name of a split and the slice that may follow it.

    Args:
        split: A name, or a name and a slice: `"train[:1000]"`, `"test[5000:]"`.
        sizes: The splits that exist, with their numbers of examples.

    Returns:
        The name of the split and the `slice` of its examples.

    Raises:
        ValueError: If there is no such split, or the slice is empty or malformed.

    >>> select("train[-100:]", {"train": 60000, "test": 10000})
    ('train', slice(59900, 60000, 1))
    """
    match = re.fullmatch(r"([^\[\]]*)(?:\[(-?\d+)?:(-?\d+)?\])?", split)
    if match is None:
        raise ValueError(
            "`split` must be a name, or a name and a slice such as 'train[:1000]'. "
            f"Received: split={split!r}"
        )
    name, start, stop = match.groups()
    can_be_made = name == "validation" and "train" in sizes
    check_choice("split", name, sizes, _HELD_OUT if can_be_made else "")
    bounds = slice(start and int(start), stop and int(stop)).indices(sizes[name])
    if bounds[0] >= bounds[1]:
        raise ValueError(
            f"`split` must select at least one of the {sizes[name]} examples of "
            f"{name!r}. Received: split={split!r}"
        )
    return name, slice(*bounds)


def height_and_width(image_size: ImageSize) -> tuple[int, int]:
    """Read the argument `image_size`.

    Raises:
        ValueError: If it is neither a positive integer nor a pair of them.

    >>> height_and_width(32)
    (32, 32)
    """
    sides = (image_size, image_size) if isinstance(image_size, int) else image_size
    try:
        height, width = map(operator.index, sides)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise ValueError(
            "`image_size` must be a positive integer or a pair (height, width) of "
            f"them. Received: image_size={image_size!r}"
        )
    return height, width
