"""Scenes of emoji on drawn backgrounds, for detectors: images, boxes, categories."""

import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from keras_latent.datasets.archives import archives_folder, file_of
from keras_latent.datasets.emoji import (
    ARCHIVES_VARIABLE,
    CATEGORIES,
    SIDE,
    find_archives,
    pictures_of,
    read_archive,
    split_by_glyph,
)
from keras_latent.datasets.source import select
from keras_latent.validation import check_in_range, checked_positive_integer

_GRIDS = (1, 2, 5)
_PLACES = 8
_VISIBLE = 32


def emoji_scenes(
    split: str = "train",
    batch_size: int = 16,
    scenes_per_epoch: int = 4096,
    image_size: int = 128,
    max_emoji: int = 3,
    sides: tuple[float, float] = (24, 64),
    seed: int = 0,
    initial_epoch: int = 0,
) -> tuple[tf.data.Dataset, int]:
    """Render an endless stream of scenes: (image, {"boxes", "classes"}).

    A scene has a background of one colour, of a gradient or of smooth noise, and from
    one to `max_emoji` emoji on it. Each glyph of the split is equally likely, whatever
    the number of its tones. An emoji has a random size and lies wholly inside of the
    image: of 8 random places the one where it hides least of those before it. Scenes
    are functions of `seed`, the epoch's number and their own number alone, as with
    `epochs`. One epoch is `dataset.take(steps_per_epoch)`.

    Args:
        split: `"train"`, `"validation"` or `"test"`, with a slice of its pictures or
            without. No glyph is in two splits. Defaults to `"train"`.
        batch_size: Scenes in a batch; the last one of an epoch holds what is left.
            Defaults to 16.
        scenes_per_epoch: Scenes that make one epoch. Defaults to 4096.
        image_size: The side of a scene in pixels. Defaults to 128.
        max_emoji: The largest number of emoji in a scene. Defaults to 3.
        sides: The smallest and the largest side in pixels of an emoji with its margin;
            its box, without the margin, is smaller. Uniform between them. Defaults to
            `(24, 64)`.
        seed: Any integer. Defaults to 0.
        initial_epoch: The epoch to begin with. Defaults to 0.

    Returns:
        The endless dataset, and the number of batches that make one epoch. Images are
        float32 in [0, 1] of shape (batch, image_size, image_size, 3). `boxes` are
        float32 of shape (batch, max_emoji, 4), each (left, top, right, bottom) in
        pixels from the upper left corner of the image, keras-cv's `"xyxy"`. `classes`
        are int64 of shape (batch, max_emoji): indices of `emoji.CATEGORIES`. Where a
        scene has fewer emoji, both are -1 at the end.

    Raises:
        FileNotFoundError: If an archive of the emoji is missing.
        ValueError: If an argument isn't as described, or an archive isn't whole.
    """
    batch_size = checked_positive_integer("batch_size", batch_size)
    scenes_per_epoch = checked_positive_integer("scenes_per_epoch", scenes_per_epoch)
    image_size = checked_positive_integer("image_size", image_size)
    max_emoji = checked_positive_integer("max_emoji", max_emoji)
    _check_sides(sides, image_size)
    check_in_range("seed", seed, -(2**63), 2**63 - 1)
    check_in_range("initial_epoch", initial_epoch)
    cutouts = _cutouts(split)

    def epoch(number: Any) -> tf.data.Dataset:
        seed_of_epoch = tf.stack([seed, number])

        def scene(index: Any) -> tuple[Any, dict[str, Any]]:
            own_seed = tf.random.experimental.stateless_fold_in(seed_of_epoch, index)
            return _scene(cutouts, image_size, max_emoji, sides, own_seed)

        scenes = tf.data.Dataset.range(scenes_per_epoch)
        scenes = scenes.map(scene, num_parallel_calls=tf.data.AUTOTUNE)
        return scenes.batch(batch_size)

    numbers = tf.data.Dataset.counter(start=initial_epoch)
    dataset = numbers.flat_map(epoch).prefetch(tf.data.AUTOTUNE)
    return dataset, -(-scenes_per_epoch // batch_size)


def regions_of(scenes: tf.data.Dataset, batch_size: int = 32) -> tf.data.Dataset:
    """Take scenes apart into regions, as `models.FeatureInverter` takes them.

    Args:
        scenes: Batches of (image, {"boxes", "classes"}), as `emoji_scenes` gives them;
            where a class is -1, there is no region.
        batch_size: Regions in a batch. Defaults to 32.

    Returns:
        The dataset of dicts of `image`, the scene, of shape (batch, height, width,
        channels), and `boxes`, of shape (batch, 4).

    Raises:
        ValueError: If `batch_size` is not a positive integer.

    >>> labels = {"boxes": tf.zeros((1, 3, 4)), "classes": tf.constant([[7, 2, -1]])}
    >>> scenes = tf.data.Dataset.from_tensors((tf.zeros((1, 128, 128, 3)), labels))
    >>> [batch["boxes"].shape for batch in regions_of(scenes)]
    [TensorShape([2, 4])]
    """
    batch_size = checked_positive_integer("batch_size", batch_size)

    def apart(image: Any, labels: dict[str, Any]) -> dict[str, Any]:
        places = tf.where(labels["classes"] >= 0)
        return {
            "image": tf.gather(image, places[:, 0]),
            "boxes": tf.gather_nd(labels["boxes"], places),
        }

    regions = scenes.map(apart, num_parallel_calls=tf.data.AUTOTUNE)
    return regions.rebatch(batch_size).prefetch(tf.data.AUTOTUNE)


class _Cutouts(NamedTuple):
    """The emoji of a split, without a background.

    Args:
        pictures: uint8 of shape (count, 64, 64, 4): red, green, blue, opacity.
        extents: float32 of shape (count, 4): (left, top, right, bottom) of what is
            visible, as parts of the side.
        categories: int64 of shape (count,).
        likelihood: float32 of shape (count,): the share of the draws up to each one.
    """

    pictures: Any
    extents: Any
    categories: Any
    likelihood: Any


def _check_sides(sides: Any, image_size: int) -> None:
    try:
        smallest, largest = sides
        is_pair = 1 <= smallest <= largest <= image_size
    except (TypeError, ValueError):
        is_pair = False
    if not is_pair:
        raise ValueError(
            "`sides` must be a pair (smallest, largest) of pixels from 1 to "
            f"`image_size`, {image_size}. Received: sides={sides!r}"
        )


def _cutouts(split: str) -> _Cutouts:
    """Read the emoji of a split with their opacity, which `load` doesn't keep."""
    found: dict[str, list[Any]] = {name: [] for name in ("train", "validation", "test")}
    for path in find_archives(_folder()).values():
        files = read_archive(path)
        pictures = pictures_of(file_of(files, path, "emoji.json"))
        splits = split_by_glyph({picture.glyph for picture in pictures})
        for picture in pictures:
            file = file_of(files, path, picture.file)
            found[splits[picture.glyph]].append((picture, file))
    name, chosen = select(split, {name: len(rows) for name, rows in found.items()})
    rows = found[name][chosen]
    pixels = np.stack([_with_opacity(file, picture.file) for picture, file in rows])
    _, glyphs, counts = np.unique(
        [picture.glyph for picture, _ in rows], return_inverse=True, return_counts=True
    )
    likelihood = np.cumsum(1 / counts[glyphs]) / len(counts)
    categories = [CATEGORIES.index(picture.category) for picture, _ in rows]
    with tf.device("CPU"):  # Where tf.data reads them, with a GPU or without.
        return _Cutouts(
            tf.constant(pixels),
            tf.constant(_extents(pixels[..., 3] >= _VISIBLE), tf.float32),
            tf.constant(categories, tf.int64),
            tf.constant(likelihood, tf.float32),
        )


def _folder() -> Path:
    """The folder of the archives, as `emoji` looks for it."""
    # Here, because tensorflow-datasets takes seconds to load.
    from keras_latent.datasets.emoji_builder import Emoji

    builder = Emoji(data_dir=os.environ.get("TFDS_DATA_DIR"))
    return archives_folder(builder, ARCHIVES_VARIABLE)


def _with_opacity(file: bytes, name: str) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(file), formats=["PNG"]) as picture:
        if picture.size != (SIDE, SIDE):
            raise ValueError(
                f"The pictures must have {SIDE} x {SIDE} pixels. "
                f"Received: {name} of {picture.size[0]} x {picture.size[1]}"
            )
        return np.asarray(picture.convert("RGBA"))


def _extents(visible: np.ndarray) -> np.ndarray:
    """(left, top, right, bottom) of what is true, as parts of the side."""
    edges = []
    for axis in (1, 2):  # Over rows, for the columns; then over columns.
        line = np.asarray(visible.any(axis=axis))
        edges += [line.argmax(axis=1), line.shape[1] - line[:, ::-1].argmax(axis=1)]
    left, right, top, bottom = edges
    return np.stack([left, top, right, bottom], axis=1) / visible.shape[1]


def _scene(
    cutouts: _Cutouts,
    image_size: int,
    max_emoji: int,
    sides: tuple[float, float],
    seed: Any,
) -> tuple[Any, dict[str, Any]]:
    """Render the scene that a seed decides."""
    seeds = tf.random.experimental.stateless_split(seed, 3)
    image = _background(image_size, seeds[0])
    draws = tf.random.stateless_uniform((3, max_emoji), seeds[1])
    places = tf.random.stateless_uniform((max_emoji, _PLACES, 2), seeds[2])
    count = 1 + tf.cast(draws[0, 0] * max_emoji, tf.int32)
    chosen = tf.searchsorted(cutouts.likelihood, draws[1], side="right")
    # Rounding may leave the last share a little below 1.
    chosen = tf.minimum(chosen, len(cutouts.likelihood) - 1)
    side = sides[0] + draws[2] * (sides[1] - sides[0])
    boxes = tf.zeros((0, 4))
    for slot in range(max_emoji):
        is_there = slot < count
        corners = places[slot] * (image_size - side[slot])
        extents = cutouts.extents[chosen[slot]] * side[slot]
        candidates = tf.tile(corners, (1, 2)) + extents
        hidden = tf.reduce_sum(_intersections(candidates, boxes), axis=1)
        place = tf.argmin(hidden)
        box = tf.where(is_there, candidates[place], -1.0)
        boxes = tf.concat([boxes, box[None]], axis=0)
        picture = cutouts.pictures[chosen[slot]]
        image = tf.cond(
            is_there,
            lambda image=image, picture=picture, side=side[slot], at=corners[place]: (
                _pasted(image, picture, side, at)
            ),
            lambda image=image: image,
        )
    is_there = tf.range(max_emoji) < count
    classes = tf.where(is_there, tf.gather(cutouts.categories, chosen), -1)
    return image, {"boxes": boxes, "classes": classes}


def _background(image_size: int, seed: Any) -> Any:
    """A grid of random colours, enlarged: of one, a gradient, or smooth noise."""
    which = tf.random.stateless_uniform((), seed, 0, len(_GRIDS), tf.int32)
    count = tf.constant(_GRIDS)[which]
    colours = tf.random.stateless_uniform((_GRIDS[-1], _GRIDS[-1], 3), seed + 1)
    size = (image_size, image_size)
    image = tf.image.resize(colours[:count, :count], size, "bicubic")
    return tf.clip_by_value(image, 0.0, 1.0)


def _intersections(boxes: Any, others: Any) -> Any:
    """The areas that boxes (n, 4) share with others (m, 4), of shape (n, m)."""
    low = tf.maximum(boxes[:, None, :2], others[None, :, :2])
    high = tf.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return tf.reduce_prod(tf.maximum(high - low, 0.0), axis=-1)


def _pasted(image: Any, picture: Any, side: Any, corner: Any) -> Any:
    """The image with a picture of this side laid over it, its corner at (x, y)."""
    picture = tf.image.convert_image_dtype(picture, tf.float32)
    colour, opacity = picture[..., :3], picture[..., 3:]
    # Multiplied first: what is invisible has a colour, too, which must not show.
    layer = tf.concat([colour * opacity, opacity], axis=-1)
    layer = tf.raw_ops.ScaleAndTranslate(
        images=layer[None],
        size=image.shape[:2],
        scale=tf.fill((2,), side / SIDE),
        translation=corner[::-1],
        kernel_type="triangle",
        antialias=True,
    )[0]
    # Clipped, because sums of weights may exceed 1 in the last digit.
    return tf.clip_by_value(image * (1 - layer[..., 3:]) + layer[..., :3], 0.0, 1.0)
