"""A split whose images are decoded once, and then kept in memory or on a disk."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_latent.datasets.source import Source, visiting_order
from keras_latent.saving import written_whole

_BATCH = 256


class CachedSource(Source):
    """Gives what another source gives, bit by bit, but decodes each image once.

    The first pass waits until all images are decoded. They take as many bytes as they
    have numbers, from files of 16 bits twice as many.

    Args:
        source: The source.
        folder: Where to keep them, in a file that later processes find again as long
            as the data stay the same. Defaults to `None`: in memory.
    """

    def __init__(self, source: Source, folder: Path | None = None) -> None:
        self._source = source
        self._folder = folder
        self._kept: np.ndarray | None = None
        self._labels: np.ndarray | None = None
        # Of a part: what it was taken from, and where its examples stand in that.
        self._whole: CachedSource | None = None
        self._places: np.ndarray | None = None
        self._reads_whole = False
        self.size, self.image_shape = source.size, source.image_shape
        self.splits, self.class_names = source.splits, source.class_names
        self.file_paths, self.labels = source.file_paths, source.labels
        self.factor_names = source.factor_names

    def take(self, indices: Any) -> "CachedSource":
        """Give a part of the split, as `Source.take` says.

        It reads what is kept of the whole, or is kept itself where that isn't there
        yet: few images needn't wait until all are decoded.
        """
        part = CachedSource(self._source.take(indices), self._folder)
        places = np.asarray(indices)
        part._whole = self._whole or self
        part._places = places if self._places is None else self._places[places]
        return part

    def fingerprint(self) -> str:
        """Tell from which data the pixels come, as `Source.fingerprint` says."""
        return self._source.fingerprint()

    def check(self) -> None:
        """Decode what may be damaged, as `Source.check` says."""
        self._source.check()

    def stored_batches(self, batch_size: int, seed: Any = None) -> tf.data.Dataset:
        """Give one pass over the split, as `Source.stored_batches` says."""
        with tf.init_scope():  # `flat_map` calls this within a graph.
            self._fill()
        images, labels = self._source.stored_batches(1).element_spec
        order = visiting_order(self.size, seed)

        def read(start: Any) -> tuple[Any, Any]:
            indices = order[start : start + batch_size]
            some = tf.numpy_function(
                self._rows, [indices], (images.dtype, labels.dtype), stateful=False
            )
            some[0].set_shape(images.shape)
            some[1].set_shape(labels.shape)
            return tuple(some)

        return tf.data.Dataset.range(0, self.size, batch_size).map(read)

    def _fill(self) -> None:
        if self._kept is not None:
            return
        if self._whole is not None and self._whole._is_there():
            self._whole._fill()
            self._kept, self._labels = self._whole._kept, self._whole._labels
            self._reads_whole = True
            return
        spec, _ = self._source.stored_batches(1).element_spec
        shape, dtype = (self.size, *self.image_shape), spec.dtype.as_numpy_dtype
        if self._folder is None:
            kept = np.empty(shape, dtype)
            self._labels = self._decode_into(kept)
            self._kept = kept
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path, labels_path = self._files(self._folder)
        if not self._is_there():
            with written_whole(path) as unfinished:
                mapped = np.lib.format.open_memmap(unfinished, "w+", dtype, shape)
                labels = self._decode_into(mapped)
                mapped.flush()
                del mapped
            with written_whole(labels_path) as unfinished:
                np.save(unfinished, labels, allow_pickle=False)
        self._labels = np.load(labels_path, allow_pickle=False)
        kept = np.load(path, mmap_mode="r", allow_pickle=False)
        if kept.shape != shape or kept.dtype != dtype or len(self._labels) != self.size:
            raise ValueError(
                "`cache` must be a folder whose files nothing else has changed. "
                f"Received: {str(path)!r}, which doesn't fit; remove it"
            )
        self._kept = kept

    def _files(self, folder: Path) -> tuple[Path, Path]:
        path = folder / f"{self.fingerprint()}.npy"
        return path, path.with_suffix(".labels.npy")

    def _is_there(self) -> bool:
        """Whether the images were decoded before, by this process or another one."""
        if self._kept is not None or self._folder is None:
            return self._kept is not None
        return all(path.is_file() for path in self._files(self._folder))

    def _decode_into(self, kept: np.ndarray) -> np.ndarray:
        labels, start = [], 0
        batches = self._source.stored_batches(_BATCH).prefetch(1)
        for images, some_labels in batches.as_numpy_iterator():
            kept[start : start + len(images)] = images
            labels.append(some_labels)
            start += len(images)
        return np.concatenate(labels)

    def _rows(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kept, labels = self._kept, self._labels
        if kept is None or labels is None:
            raise RuntimeError("the images must be decoded first")
        if self._reads_whole and self._places is not None:
            indices = self._places[indices]
        return np.ascontiguousarray(kept[indices]), labels[indices]
