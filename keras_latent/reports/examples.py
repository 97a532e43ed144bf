"""Observations and their labels, in memory or read batch by batch."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keras_latent.datasets.source import Source
from keras_latent.latent_space import sample_rows
from keras_latent.models import LatentModel
from keras_latent.typing import Observation

_ROWS = 256
_PIXELS = 2**20


class Examples(ABC):
    """Observations with their labels, of which a batch at a time is in memory.

    Attributes:
        count: How many there are.
        labels: Array of shape (count,): their classes; `None` if some have none.
        class_names: The names of the classes; empty if they have none.
        file_paths: The file of each; empty if they aren't files.
        rows_at_once: How many are in memory at once.
    """

    count: int
    labels: np.ndarray | None
    class_names: tuple[str, ...] = ()
    file_paths: tuple[str, ...] = ()
    rows_at_once: int = _ROWS

    @abstractmethod
    def batches(self) -> Iterator[Observation]:
        """One pass over all, in their order."""

    @abstractmethod
    def take(self, rows: Any) -> Observation:
        """The observations of these indices, in the order of the indices."""

    @abstractmethod
    def sampled(self, most: int, seed: int) -> "Examples":
        """At most so many of them, drawn by the seed, in their order."""

    @abstractmethod
    def evaluated(self, model: LatentModel) -> dict[str, float]:
        """What `model.evaluate` logs on them.

        Raises:
            ValueError: If their labels aren't what the model learned.
        """


class ArrayExamples(Examples):
    """Examples that are held as arrays.

    Args:
        images: Observations of shape (count, ...), or a dict of them.
        labels: Array of shape (count,), or `None`.
    """

    def __init__(self, images: Observation, labels: np.ndarray | None) -> None:
        self.images = images
        self.labels = labels
        self.count = row_count(images)

    def batches(self) -> Iterator[Observation]:
        """One pass, as `Examples.batches` says."""
        for start in range(0, self.count, _ROWS):
            yield self.take(slice(start, start + _ROWS))

    def take(self, rows: Any) -> Observation:
        """Some, as `Examples.take` says."""
        return keras.tree.map_structure(lambda column: column[rows], self.images)

    def sampled(self, most: int, seed: int) -> "ArrayExamples":
        """A draw, as `Examples.sampled` says."""
        if self.count <= most:
            return self
        rows = sample_rows(self.count, most, seed)
        labels = None if self.labels is None else self.labels[rows]
        return ArrayExamples(self.take(rows), labels)

    def evaluated(self, model: LatentModel) -> dict[str, float]:
        """Logs, as `Examples.evaluated` says."""
        x, labels = self.images, self.labels if model.uses_labels else None
        if model.condition is not None:
            x, labels = x["x"], x["y"]
        model.check_labels(labels, self.count)
        return model.evaluate(x, labels, batch_size=_ROWS, verbose=0, return_dict=True)


class SourceExamples(Examples):
    """Examples that are read from a dataset whenever they are needed.

    Args:
        source: A split of a dataset.
        model: Says what it encodes of images and labels.
    """

    def __init__(self, source: Source, model: LatentModel) -> None:
        self.source = source
        self.count = source.size
        self.class_names, self.file_paths = source.class_names, source.file_paths
        self._model = model
        height, width, _ = source.image_shape
        self.rows_at_once = max(1, min(_ROWS, _PIXELS // (height * width)))
        labels = _read_labels(source) if source.labels is None else source.labels
        self.given_labels = labels
        has_classes = labels.ndim == 1 and bool((labels >= 0).all())
        self.labels = labels if has_classes else None

    def batches(self) -> Iterator[Observation]:
        """One pass, as `Examples.batches` says."""
        return self._observations(self.source)

    def take(self, rows: Any) -> Observation:
        """Some, as `Examples.take` says."""
        rows = np.atleast_1d(np.arange(self.count)[rows])
        stored, places = np.unique(rows, return_inverse=True)
        parts = list(self._observations(self.source.take(stored)))
        return keras.tree.map_structure(
            lambda *columns: np.concatenate(columns)[places], *parts
        )

    def sampled(self, most: int, seed: int) -> "SourceExamples":
        """A draw, as `Examples.sampled` says."""
        if self.count <= most:
            return self
        part = self.source.take(sample_rows(self.count, most, seed))
        return SourceExamples(part, self._model)

    def evaluated(self, model: LatentModel) -> dict[str, float]:
        """Logs, as `Examples.evaluated` says."""
        if model.uses_labels:
            model.check_labels(self.given_labels, self.count)
        batches = self.source.batches(self.rows_at_once).prefetch(1)
        return model.evaluate(batches, verbose=0, return_dict=True)

    def _observations(self, source: Source) -> Iterator[Observation]:
        batches = source.batches(min(self.rows_at_once, source.size)).prefetch(1)
        for images, labels in batches.as_numpy_iterator():
            yield self._model.observation(images, labels)


def as_examples(images: Any, labels: np.ndarray | None, model: LatentModel) -> Examples:
    """Examples of arrays with labels, or of a split of a dataset with its own."""
    if isinstance(images, Source):
        return SourceExamples(images, model)
    return ArrayExamples(images, labels)


def row_count(images: Observation) -> int:
    """How many observations there are."""
    return len(keras.tree.flatten(images)[0])


def _read_labels(source: Source) -> np.ndarray:
    labels = source.stored_batches(_ROWS).map(lambda images, labels: labels)
    return np.concatenate(list(labels.as_numpy_iterator()))
