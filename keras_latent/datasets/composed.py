"""A split of pictures that are composed of drawings, layer on layer, on demand."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_latent.datasets.source import Source, select, visiting_order


class Layer(NamedTuple):
    """The drawings of one layer.

    Attributes:
        factors: Which factors choose among the drawings, by their places in a label.
        drawings: uint8 array of shape (values of the first, ..., of the last of these
            factors, height, width, 4): red, green and blue times alpha, and alpha.
    """

    factors: tuple[int, ...]
    drawings: np.ndarray


class ComposedSource(Source):
    """A split whose pictures are drawings laid on white, one over the other.

    Only the drawings are kept; a picture is composed whenever it is given out.

    Args:
        layers: From the lowest to the uppermost, with drawings of one size.
        labels: Integer array of shape (n, factors): each picture's indices into the
            values of the factors.
        splits: The names of all splits of the dataset.
        factor_names: The names of the factors, in the order of the labels.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        labels: np.ndarray,
        splits: Sequence[str],
        factor_names: Sequence[str],
    ) -> None:
        self.size = len(labels)
        self.splits = tuple(splits)
        self.factor_names = tuple(factor_names)
        self.labels: np.ndarray = np.asarray(labels, np.int64)
        self._layers = tuple(layers)
        height, width = layers[0].drawings.shape[-3:-1]
        self.image_shape = (height, width, 3)
        with tf.device("CPU"):  # Where tf.data reads them, with a GPU or without.
            self._labels = tf.constant(self.labels)
            # Each colour in one piece: composing them is then twice as fast.
            self._drawings = [
                tf.constant(np.moveaxis(layer.drawings, -1, -3)) for layer in layers
            ]

    def take(self, indices: Any) -> "ComposedSource":
        """Give a part of the split, as `Source.take` says."""
        part = object.__new__(ComposedSource)
        part.__dict__.update(self.__dict__)
        part.size = len(indices)
        part.labels = self.labels[np.asarray(indices)]
        with tf.device("CPU"):
            part._labels = tf.constant(part.labels)
        return part

    def fingerprint(self) -> str:
        """Tell from which drawings the pixels come, as `Source.fingerprint` says."""
        told = hashlib.sha256(repr(self.image_shape).encode())
        told.update(self.labels.tobytes())
        for layer in self._layers:
            told.update(layer.drawings.tobytes())
        return told.hexdigest()

    def check(self) -> None:
        """Nothing is left to decode."""

    def stored_batches(self, batch_size: int, seed: Any = None) -> tf.data.Dataset:
        """Give one pass over the split, as `Source.stored_batches` says."""
        order = visiting_order(self.size, seed)

        def batch_from(start: Any) -> tuple[Any, Any]:
            labels = tf.gather(self._labels, order[start : start + batch_size])
            canvas: Any = tf.constant(255.0)
            for layer, drawings in zip(self._layers, self._drawings, strict=True):
                places = tf.gather(labels, layer.factors, axis=1)
                drawing = tf.cast(tf.gather_nd(drawings, places), tf.float32)
                colours, alpha = drawing[:, :3], drawing[:, 3:] / 255
                canvas = colours + canvas * (1 - alpha)
            pictures = tf.cast(tf.round(canvas), tf.uint8)
            return tf.transpose(pictures, (0, 2, 3, 1)), labels

        starts = tf.data.Dataset.range(0, self.size, batch_size)
        return starts.map(batch_from, num_parallel_calls=tf.data.AUTOTUNE)


def combinations(
    split: str,
    sizes: Mapping[str, int],
    factors: Mapping[str, Sequence],
    twins: Mapping[str, tuple[int, int]] | None = None,
) -> np.ndarray:
    """Give the combinations of factors that a split of their full product holds.

    The product is split once and for all, by chance; any part of a split is a fair
    sample.

    Args:
        split: One of `sizes`, with a slice or without.
        sizes: The number of combinations in each split, in all those of the product.
        factors: The values of each factor.
        twins: Of a factor, the indices of two values that give the same pictures:
            combinations that differ in nothing else come into one split, but for the
            last of a split. Defaults to `None`: there are none.

    Returns:
        int64 array of shape (n, factors): indices into the values.

    Raises:
        ValueError: As `select` says.

    >>> combinations("test", {"train": 4, "test": 2}, {"a": "xy", "b": "pqr"}).shape
    (2, 2)
    """
    name, examples = select(split, sizes)
    counts = [len(values) for values in factors.values()]
    order = np.random.RandomState(0).permutation(np.prod(counts))
    first = sum(list(sizes.values())[: list(sizes).index(name)])
    if twins:
        # By the places in the order of the former twin.
        place = np.argsort(order)
        values = list(np.unravel_index(np.arange(len(order)), counts))
        for factor, (former, latter) in twins.items():
            row = list(factors).index(factor)
            values[row] = np.where(values[row] == latter, former, values[row])
        order = np.argsort(place[np.ravel_multi_index(values, counts)], kind="stable")
    order = order[first : first + sizes[name]]
    if twins:
        order = np.random.RandomState(1).permutation(order)
    return np.stack(np.unravel_index(order[examples], counts), axis=-1)
