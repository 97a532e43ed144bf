"""Image files to tensors, within a pipeline of tf.data."""

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_latent.datasets import image_file
from keras_latent.datasets.image_file import (
    JPEG,
    OTHER,
    PNG,
    TRANSPARENT_PNG,
    Header,
    State,
)

# How each orientation of EXIF becomes upright: transposed first, rows, columns turned.
_TO_UPRIGHT = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}

# In the process: the files that were decoded whole, in the state that they had.
_decoded: dict[str, State] = {}


class ImageReader:
    """Reads files as a viewer shows them: upright, and on a background.

    Args:
        headers: Of all files that it shall read.
        channels: 1 for grey, 3 for colour.
        background: Red, green and blue in 0 to 255, on which to lay what is
            transparent.

    Attributes:
        bits: 16 if a file has so many, or 8.
    """

    def __init__(
        self,
        headers: Sequence[Header],
        channels: int = 3,
        background: Sequence[int] = (255, 255, 255),
    ) -> None:
        self.bits = max(header.bits for header in headers)
        self.channels = channels
        self.background = np.asarray(background)
        self._readers = sorted({header.reader for header in headers})
        self._orientations = sorted({header.orientation for header in headers})

    @property
    def dtype(self) -> tf.DType:
        """Of the pixels."""
        return tf.uint16 if self.bits == 16 else tf.uint8

    def read(self, path: Any, reader: Any, orientation: Any) -> Any:
        """Read a file within a graph.

        Args:
            path: String tensor.
            reader: Integer tensor, as the file's header says.
            orientation: Likewise.

        Returns:
            uint8 or uint16 tensor of shape (height, width, channels).
        """
        read = {
            JPEG: self._read_jpeg,
            PNG: self._read_png,
            TRANSPARENT_PNG: self._read_transparent_png,
            OTHER: self._read_other,
        }
        image = _switch(
            reader, {key: lambda key=key: read[key](path) for key in self._readers}
        )
        image = _switch(
            orientation,
            {key: lambda key=key: _upright(image, key) for key in self._orientations},
        )
        image.set_shape((None, None, self.channels))
        return image

    def _read_jpeg(self, path: Any) -> Any:
        # As Pillow and viewers decode it, to the last bit.
        image = tf.io.decode_jpeg(
            tf.io.read_file(path), self.channels, dct_method="INTEGER_ACCURATE"
        )
        return self._deep(image)

    def _read_png(self, path: Any) -> Any:
        return tf.io.decode_png(tf.io.read_file(path), self.channels, self.dtype)

    def _read_transparent_png(self, path: Any) -> Any:
        image = tf.io.decode_png(tf.io.read_file(path), 4, self.dtype)
        largest = 2**self.bits - 1
        alpha = tf.cast(image[..., 3:], tf.float32) / largest
        colours = tf.cast(image[..., : self.channels], tf.float32)
        under = tf.constant(self.background[: self.channels], tf.float32)
        under *= largest / 255
        laid = alpha * colours + (1 - alpha) * under
        return tf.cast(tf.round(laid), self.dtype)

    def _read_other(self, path: Any) -> Any:
        def decode(path: bytes) -> np.ndarray:
            background = [int(value) for value in self.background]
            return image_file.decode(
                os.fsdecode(path), self.channels, self.bits, background
            )

        image = tf.numpy_function(decode, [path], self.dtype, stateful=False)
        image.set_shape((None, None, self.channels))
        return image

    def _deep(self, image: Any) -> Any:
        """8 bits as many as the reader's."""
        return tf.cast(image, tf.uint16) * 257 if self.bits == 16 else image


def find_damaged(files: Sequence[tuple[str, State, Header]]) -> dict[str, str]:
    """Decode files, each once in a process while it stays the same.

    Args:
        files: Paths, states and headers.

    Returns:
        The paths of those that can't be decoded, with the reasons.
    """
    new = [file for file in files if _decoded.get(file[0]) != file[1]]
    if not new:
        return {}
    reader = ImageReader([header for _, _, header in new])
    with tf.device("CPU"):
        columns = tf.data.Dataset.from_tensor_slices(
            (
                np.arange(len(new)),
                [os.fsencode(path) for path, _, _ in new],
                np.asarray([header.reader for _, _, header in new]),
            )
        )

    def decoded(index: Any, path: Any, kind: Any) -> tuple[Any, Any]:
        # With the shape, or the decoding would be pruned since nothing needs it.
        return index, tf.shape(reader.read(path, kind, tf.constant(1)))

    sound = columns.map(decoded, num_parallel_calls=threads()).ignore_errors()
    good = {int(index) for index, _ in sound.as_numpy_iterator()}
    damaged = {}
    for index, (path, state, header) in enumerate(new):
        if index in good:
            _decoded[path] = state
        else:
            damaged[path] = _reason(path, header)
    return damaged


def threads() -> int:
    """How many files to decode at once: one for each processor of this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _reason(path: str, header: Header) -> str:
    try:
        reader = ImageReader([header])
        reader.read(tf.constant(os.fsencode(path)), tf.constant(header.reader), 1)
    except tf.errors.OpError as error:
        # Without the names of nodes around.
        return re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", error.message, flags=re.DOTALL)
    except ValueError as error:
        return str(error)
    return "it was damaged when it was read first"


def _switch(value: Any, branches: dict[int, Any]) -> Any:
    """Take the branch of a value, without an operation if there is but one."""
    if len(branches) == 1:
        (branch,) = branches.values()
        return branch()
    keys = tf.constant(list(branches))
    place = tf.argmax(tf.equal(keys, tf.cast(value, keys.dtype)), output_type=tf.int32)
    return tf.switch_case(place, list(branches.values()))


def _upright(image: Any, orientation: int) -> Any:
    if orientation not in _TO_UPRIGHT:
        return image
    transpose, rows, columns = _TO_UPRIGHT[orientation]
    if transpose:
        image = tf.transpose(image, (1, 0, 2))
    axes = [axis for axis, turned in enumerate((rows, columns)) if turned]
    return tf.reverse(image, axes) if axes else image
