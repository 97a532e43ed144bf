"""A folder of images, flat or with one subfolder for each class."""

import hashlib
import os
from typing import Any

import numpy as np
import tensorflow as tf

from keras_latent.datasets.fitting import fit_image
from keras_latent.datasets.folder_scan import FolderScan, ImageFile, unreadable
from keras_latent.datasets.image_reader import ImageReader, find_damaged, threads
from keras_latent.datasets.source import Source, select, visiting_order

_PIXELS_IN_BATCHES = 256 * 256


class FolderSource(Source):
    """A split of a folder of images, which are read when they are needed.

    - Labels: the index of the image's class in `class_names`, the same in all splits;
      -1 for an image in no class.
    - Channels: 1 if all images of the folder are stored as grey, otherwise 3.
    - Pixels: as a viewer shows them. The EXIF orientation is heeded, what is
      transparent is laid on `background`, and of an animation the first frame counts.
      Images that are resized are rounded to the levels that the files have, 256 or,
      if one of them has 16 bits, 65,536.

    Args:
        scan: Of the folder.
        split: A split, with a slice or without.
        image_size: `(height, width)` to resize to. `None` keeps the size that the
            images have, if they all have one.
        fit: What becomes of their proportions, one of `fitting.FITS`. Defaults to
            `"stretch"`.
        background: Red, green and blue in 0 to 255. Defaults to white.

    Raises:
        ValueError: If sizes differ and `image_size` is `None`, or if there is no such
            split.
    """

    def __init__(
        self,
        scan: FolderScan,
        split: str,
        image_size: tuple[int, int] | None = None,
        fit: str = "stretch",
        background: tuple[int, int, int] = (255, 255, 255),
    ) -> None:
        images = [image for members in scan.splits.values() for image in members]
        headers = [image.header for image in images]
        channels = 1 if all(header.is_grey for header in headers) else 3
        if channels == 1:
            red, green, blue = background
            grey = round(0.299 * red + 0.587 * green + 0.114 * blue)
            background = (grey, grey, grey)
        self.image_shape = (*(image_size or _common_size(images)), channels)
        self.splits = tuple(scan.splits)
        self.class_names = scan.class_names
        self._sides = {(header.height, header.width) for header in headers}
        self._reader = ImageReader(headers, channels, background)
        self._fit = fit
        sizes = {name: len(members) for name, members in scan.splits.items()}
        name, examples = select(split, sizes)
        self._hold(scan.splits[name][examples])

    def _hold(self, images: list[ImageFile]) -> None:
        self._images = images
        self.size = len(images)
        self.file_paths = tuple(image.path for image in images)
        numbers = {name: number for number, name in enumerate(self.class_names)}
        self.labels = np.asarray(
            [numbers.get(image.class_name or "", -1) for image in images], np.int64
        )
        with tf.device("CPU"):  # Where tf.data reads them, with a GPU or without.
            self._columns = (
                tf.constant([os.fsencode(path) for path in self.file_paths]),
                tf.constant([image.header.reader for image in images]),
                tf.constant([image.header.orientation for image in images]),
                tf.constant(self.labels),
            )

    def take(self, indices: Any) -> "FolderSource":
        """Give a part of the split, as `Source.take` says."""
        part = object.__new__(FolderSource)
        part.__dict__.update(self.__dict__)
        part._hold([self._images[index] for index in indices])
        return part

    def check(self) -> None:
        """Decode each file once, as `Source.check` says."""
        damaged = find_damaged(
            [(image.path, image.state, image.header) for image in self._images]
        )
        if damaged:
            raise ValueError(unreadable(damaged, self.size))

    def fingerprint(self) -> str:
        """Tell from which files the pixels come, as `Source.fingerprint` says."""
        told = [self.image_shape, self._fit, self._reader.bits]
        told += [self._reader.background.tolist()]
        told += [(image.path, image.state) for image in self._images]
        return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()

    def stored_batches(self, batch_size: int, seed: Any = None) -> tf.data.Dataset:
        """Give one pass over the split, as `Source.stored_batches` says."""
        order = visiting_order(self.size, seed)
        examples = tf.data.Dataset.from_tensor_slices(order)
        if not self._fits_in_batches():
            examples = examples.map(
                lambda index: self._fitted(*self._read(index)),
                num_parallel_calls=2 * threads(),
            )
            return examples.batch(batch_size)
        batches = examples.map(self._read, threads()).batch(batch_size)
        # Without a store between them, decoding waits for resizing.
        return batches.prefetch(2).map(self._fitted, threads())

    def _fits_in_batches(self) -> bool:
        """Whether all are resized, and from one size: then a batch is, at once."""
        if len(self._sides) > 1 or self._sides == {self.image_shape[:2]}:
            return False
        ((height, width),) = self._sides
        return height * width <= _PIXELS_IN_BATCHES

    def _read(self, index: Any) -> tuple[Any, Any]:
        path, kind, orientation, label = (column[index] for column in self._columns)
        image = self._reader.read(path, kind, orientation)
        if len(self._sides) == 1:
            (sides,) = self._sides
            image = tf.ensure_shape(image, (*sides, self.image_shape[2]))
        return image, label

    def _fitted(self, images: Any, labels: Any) -> tuple[Any, Any]:
        if tuple(images.shape[-3:-1]) == self.image_shape[:2]:
            return images, labels
        dtype = self._reader.dtype
        background = self._reader.background * (dtype.max / 255)
        images = fit_image(images, self.image_shape[:2], self._fit, background)
        images = tf.round(tf.clip_by_value(images, 0.0, float(dtype.max)))
        return tf.cast(images, dtype), labels


def _common_size(images: list[ImageFile]) -> tuple[int, int]:
    first = images[0]
    height, width = first.header.height, first.header.width
    for image in images:
        if (image.header.height, image.header.width) != (height, width):
            raise ValueError(
                "`image_size` must be given for images of different sizes: "
                f"{first.path!r} is {height} x {width}, {image.path!r} is "
                f"{image.header.height} x {image.header.width}. "
                "Received: image_size=None"
            )
    return height, width
