"""Pairs of an image and its transform: a family of functions to be learned."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from keras_latent.datasets.loading import _open
from keras_latent.datasets.source import ImageSize, Source
from keras_latent.inversion.affine import angle_ranges, draw_maps, transform
from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_positive_integer,
)

AngleRange: TypeAlias = tuple[float, float]
"""The lowest and the highest angle in degrees, counter-clockwise."""

_KINDS = ("rotation", "affine")
_COUNTED_AT_ONCE = 1000


def transformed_pairs(
    name: str | os.PathLike = "mnist",
    split: str = "train",
    kind: str = "rotation",
    angles: AngleRange | Sequence[AngleRange] = (-180, 180),
    classes: Sequence[int] | None = None,
    scale: float = 1.25,
    shear: float = 0.2,
    shift: float = 0.1,
    batch_size: int = 128,
    seed: int = 0,
    initial_epoch: int = 0,
    image_size: ImageSize | None = None,
) -> tuple[tf.data.Dataset, int]:
    """Load an endless stream of ((image, parameters), transformed image).

    Each image is transformed about its centre, with bilinear interpolation and 0 all
    around, by a map that is drawn anew in each epoch. The order and the maps of an
    epoch are functions of `seed` and the epoch's number alone, as with `epochs`.

    The parameters of a `"rotation"` are (sin φ, cos φ) of its angle φ: of length 1, and
    with no jump at ±180°. Those of an `"affine"` map [A | t] are its six numbers, row
    by row: the point p goes to A·p + t, where p = (x, y) is taken from the centre, x to
    the right and y upwards, in units of half of the image's shorter side. A scales x
    and y, shears, then turns by φ.

    Args:
        name: As for `load`. Defaults to `"mnist"`.
        split: As for `load`. Defaults to `"train"`.
        kind: `"rotation"` or `"affine"`. Defaults to `"rotation"`.
        angles: The lowest and the highest angle φ in degrees, counter-clockwise; or
            several such ranges, so that others can be held out. Angles are uniform in
            all ranges together. Two equal numbers stand for a single angle. Defaults to
            `(-180, 180)`.
        classes: The labels whose images are taken. Defaults to `None`: all.
        scale: Of affine maps: x and y are multiplied by factors that are drawn, each
            one, from 1 / `scale` to `scale`, uniform in the logarithm. Defaults to
            1.25.
        shear: Of affine maps: x is moved by up to this much of y. Defaults to 0.2.
        shift: Of affine maps: the largest shift along x and along y, in the units of
            the points. Defaults to 0.1.
        batch_size: Images in a batch; the last one of an epoch holds what is left.
            Defaults to 128.
        seed: Any integer. Defaults to 0.
        initial_epoch: The epoch to begin with. Defaults to 0.
        image_size: As for `load`. Defaults to `None`.

    Returns:
        The endless dataset, and the number of batches that make one epoch. Images are
        float32 in [0, 1] of shape (batch, height, width, channels), parameters float32
        of shape (batch, 2) or (batch, 6).

    Raises:
        FileNotFoundError: As for `load`.
        ValueError: As for `load`; or if `angles` holds no range, or the split no image
            of `classes`.

    Source: Potapov 2019, "Inverting discriminative representations with HyperNets":
    transformations as families of functions.

    >>> pairs, steps_per_epoch = transformed_pairs(angles=(-45, 45), classes=range(8))
    >>> (image, parameters), transformed = next(iter(pairs))
    >>> parameters.shape, transformed.shape, steps_per_epoch
    (TensorShape([128, 2]), TensorShape([128, 28, 28, 1]), 377)
    """
    check_choice("kind", kind, _KINDS)
    ranges = angle_ranges(angles)
    check_in_range("scale", scale, 1.0)
    check_in_range("shear", shear)
    check_in_range("shift", shift)
    batch_size = checked_positive_integer("batch_size", batch_size)
    check_in_range("seed", seed, -(2**63), 2**63 - 1)
    check_in_range("initial_epoch", initial_epoch)
    source = _open(name, split, image_size)
    kept = None if classes is None else _class_labels(classes)
    size = source.size if kept is None else _count(source, kept)

    if kind == "rotation":
        scale, shear, shift = 1.0, 0.0, 0.0

    def epoch(number: Any) -> tf.data.Dataset:
        seed_of_epoch = tf.stack([seed, number])

        def pair(step: Any, images: Any) -> tuple[Any, Any]:
            # The seed of the epoch itself has decided the order.
            own_seed = tf.random.experimental.stateless_fold_in(seed_of_epoch, step)
            count = tf.shape(images)[0]
            maps = draw_maps(ranges, scale, shear, shift, count, own_seed)
            if kind == "rotation":
                parameters = tf.stack([maps[:, 1, 0], maps[:, 0, 0]], axis=1)
            else:
                parameters = tf.reshape(maps, (-1, 6))
            return (images, parameters), transform(images, maps)

        images = _images(source, kept, batch_size, seed_of_epoch)
        return images.enumerate().map(pair, num_parallel_calls=tf.data.AUTOTUNE)

    numbers = tf.data.Dataset.counter(start=initial_epoch)
    return numbers.flat_map(epoch).prefetch(tf.data.AUTOTUNE), -(-size // batch_size)


def _class_labels(classes: Any) -> np.ndarray:
    """Read the argument `classes`."""
    labels = np.asarray(list(classes) if isinstance(classes, Iterable) else classes)
    is_integer = np.issubdtype(labels.dtype, np.integer)
    if labels.ndim != 1 or labels.size == 0 or not is_integer:
        raise ValueError(
            "`classes` must be a sequence of at least one integer. "
            f"Received: classes={classes!r}"
        )
    return labels.astype(np.int64)


def _count(source: Source, kept: np.ndarray) -> int:
    """Count the images whose labels are among those kept."""
    found: set[int] = set()
    count = 0
    for _, labels in source.batches(_COUNTED_AT_ONCE).as_numpy_iterator():
        if labels.ndim > 1:
            raise ValueError(
                "`classes` must be `None` for a dataset whose labels aren't single "
                f"numbers. Received: classes={kept.tolist()}"
            )
        found.update(labels.tolist())
        count += np.isin(labels, kept).sum()
    missing = sorted(set(kept.tolist()) - found)
    if missing:
        raise ValueError(
            f"`classes` must be labels of the split, which has {sorted(found)}. "
            f"Received: classes with {missing}"
        )
    return int(count)


def _images(
    source: Source, kept: np.ndarray | None, batch_size: int, seed: Any
) -> tf.data.Dataset:
    """Give one pass over the images, or over those whose labels are kept."""
    batches = source.batches(batch_size, seed)
    if kept is None:
        return batches.map(lambda images, labels: images)

    def keep(images: Any, labels: Any) -> Any:
        return images[tf.reduce_any(labels[:, None] == kept, axis=1)]

    return batches.map(keep, num_parallel_calls=tf.data.AUTOTUNE).rebatch(batch_size)
