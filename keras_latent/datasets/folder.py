"""A folder of images, flat or with one subfolder for each class."""

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_latent.datasets.source import Source, select, to_floats, visiting_order
from keras_latent.validation import MissingFileError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
MAXIMUM_PIXELS = 64 * 2**20
"""An image of more pixels is refused by its header, before it fills the memory."""

# Whatever a file is called, Pillow looks inside, and has others start programs.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF")
# What it raises for broken files.
_ERRORS = (OSError, SyntaxError, ValueError)

_SPLITS = ("train", "validation", "test")


class FolderSource(Source):
    """A split of a folder of images, which are read when they are needed.

    Every PNG, JPEG, BMP and GIF file counts that is not hidden, at any depth.

    - Splits: the subfolders `train`, `validation` and `test`, if the folder has one
      called `train`; otherwise all its images are the split `"train"`.
    - Labels: the index of the image's class among the sorted names of the class
      subfolders, the same in all splits; -1 for an image in none.
    - Channels: 1 if all images of the folder are stored as grey, otherwise 3. What is
      transparent is laid on white, and of an animation the first frame counts.

    Headers are checked at once. A file that turns out to be cut off later stops the
    iteration with TensorFlow's `InvalidArgumentError`, which names it.

    Args:
        folder: The folder.
        split: A split, with a slice or without.
        image_size: `(height, width)` to resize to. `None` keeps the size that the
            images have, if they all have one.

    Raises:
        FileNotFoundError: If there is no image.
        ValueError: If an image cannot be read or is too large, if sizes differ and
            `image_size` is `None`, or if there is no such split.
    """

    def __init__(
        self,
        folder: Path,
        split: str,
        image_size: tuple[int, int] | None = None,
    ) -> None:
        roots = {"train": folder}
        if (folder / "train").is_dir():
            roots = {name: folder / name for name in _SPLITS}
        splits = {name: _scan(root) for name, root in roots.items() if root.is_dir()}
        images = [image for members in splits.values() for image in members]
        channels = 1 if all(image.is_grey for image in images) else 3
        self.image_shape = (*(image_size or _common_size(images)), channels)

        self.splits = tuple(splits)
        sizes = {name: len(members) for name, members in splits.items()}
        name, examples = select(split, sizes)
        members = splits[name][examples]
        classes = sorted({image.class_name for image in images if image.class_name})
        labels = [
            classes.index(image.class_name) if image.class_name else -1
            for image in members
        ]
        self.size = len(members)
        with tf.device("CPU"):  # Where tf.data reads them, with a GPU or without.
            self._paths = tf.constant([str(image.path) for image in members])
            self._labels = tf.constant(labels, tf.int64)

    def batches(self, batch_size: int, seed: Any = None) -> tf.data.Dataset:
        """Give one pass over the split, as `Source.batches` says."""

        def read(index: Any) -> tuple[Any, Any]:
            path = self._paths[index]
            image = tf.numpy_function(self._decode, [path], tf.uint8, stateful=False)
            image.set_shape((None, None, self.image_shape[2]))
            image = to_floats(image, self.image_shape[:2])
            return tf.ensure_shape(image, self.image_shape), self._labels[index]

        order = visiting_order(self.size, seed)
        examples = tf.data.Dataset.from_tensor_slices(order)
        examples = examples.map(read, num_parallel_calls=tf.data.AUTOTUNE)
        return examples.batch(batch_size)

    def _decode(self, path: bytes) -> np.ndarray:
        """Read an image as uint8 of shape (height, width, channels)."""
        from PIL import Image

        grey = self.image_shape[2] == 1
        try:
            with Image.open(path.decode(), formats=_FORMATS) as file:
                image: Image.Image = file
                _check_pixels(path.decode(), image.width * image.height)
                if image.has_transparency_data:
                    white = Image.new("RGBA", image.size, "white")
                    image = Image.alpha_composite(white, image.convert("RGBA"))
                if image.mode.startswith("I"):  # 16 bits, which `convert` would clip
                    image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
                pixels = np.asarray(image.convert("L" if grey else "RGB"))
        except _ERRORS as error:
            raise ValueError(_unreadable(path.decode(), error)) from error
        return pixels[..., np.newaxis] if grey else pixels


class _Image(NamedTuple):
    """What an image's path and header tell."""

    path: Path
    class_name: str | None
    height: int
    width: int
    is_grey: bool


def _scan(root: Path) -> list[_Image]:
    images = []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        is_hidden = any(part.startswith(".") for part in inside.parts)
        if path.suffix.lower() in SUFFIXES and not is_hidden:
            class_name = inside.parts[0] if len(inside.parts) > 1 else None
            images.append(_Image(path, class_name, *_read_header(path)))
    if not images:
        raise MissingFileError(
            f"`name` must be a folder that holds images ({', '.join(SUFFIXES)}). "
            f"There are none in {str(root)!r}"
        )
    return images


def _read_header(path: Path) -> tuple[int, int, bool]:
    from PIL import Image

    try:
        with warnings.catch_warnings():  # Pillow would warn of what we refuse.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                width, height = image.size
                is_grey = image.mode in ("1", "L", "LA", "I", "I;16", "I;16B")
                pixels = width * height
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        pixels = MAXIMUM_PIXELS + 1
    except _ERRORS as error:
        raise ValueError(_unreadable(str(path), error)) from error
    _check_pixels(str(path), pixels)
    return height, width, is_grey


def _check_pixels(path: str, pixels: int) -> None:
    if pixels > MAXIMUM_PIXELS:
        raise ValueError(
            f"`name` must be a folder of images of at most {MAXIMUM_PIXELS} pixels. "
            f"Received: a larger one, {path!r}"
        )


def _common_size(images: list[_Image]) -> tuple[int, int]:
    first = images[0]
    for image in images:
        if (image.height, image.width) != (first.height, first.width):
            raise ValueError(
                "`image_size` must be given for images of different sizes: "
                f"{str(first.path)!r} is {first.height} x {first.width}, "
                f"{str(image.path)!r} is {image.height} x {image.width}. "
                "Received: image_size=None"
            )
    return first.height, first.width


def _unreadable(path: str, error: Exception) -> str:
    return (
        "`name` must be a folder of images that can be read. "
        f"Received: {path!r}, which cannot: {error}"
    )
