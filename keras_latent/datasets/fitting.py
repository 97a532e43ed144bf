"""Images of any size brought to one: stretched, cut, or set into a frame."""

from typing import Any

import tensorflow as tf

FITS = ("stretch", "crop", "pad")
"""What becomes of the proportions: `"stretch"` gives them up, `"crop"` cuts the middle
out of the image, `"pad"` sets the whole image in the middle of a background."""


def fit_image(
    image: Any,
    image_size: tuple[int, int],
    fit: str = "stretch",
    background: Any = (1.0, 1.0, 1.0),
) -> Any:
    """Bring an image to a size, with antialiasing where it shrinks.

    Args:
        image: Float tensor of shape (height, width, channels) in [0, 1], whose sides
            needn't be known before it is read.
        image_size: The `(height, width)` to give out.
        fit: One of `FITS`. Defaults to `"stretch"`.
        background: The channels of the frame, in [0, 1]. Defaults to white.

    Returns:
        Float tensor of shape (*image_size, channels) in [0, 1].
    """
    if tuple(image.shape[:2]) == image_size:
        return image
    channels = image.shape[2]
    if fit == "crop":
        image = _middle(image, image_size)
    target = tf.constant(image_size)
    if fit == "pad":
        sides = tf.shape(image)[:2]
        ratios = tf.cast(target, tf.float64) / tf.cast(sides, tf.float64)
        inner = tf.round(tf.cast(sides, tf.float64) * tf.reduce_min(ratios))
        inner = tf.clip_by_value(tf.cast(inner, tf.int32), 1, target)
        frame = tf.constant(background, image.dtype)[:channels]
        # What lies around is 0 of the difference to the frame.
        image = _resize(image, inner) - frame
        before = (target - inner) // 2
        after = target - inner - before
        paddings = tf.concat([tf.stack([before, after], 1), [[0, 0]]], 0)
        image = tf.pad(image, paddings) + frame
    else:
        image = _resize(image, target)
    image = tf.clip_by_value(image, 0.0, 1.0)
    return tf.ensure_shape(image, (*image_size, channels))


def _middle(image: Any, image_size: tuple[int, int]) -> Any:
    """The largest window of the target's proportions."""
    height, width = image_size
    shape = tf.cast(tf.shape(image), tf.float64)
    window = tf.stack([shape[1] * (height / width), shape[0] * (width / height)])
    window = tf.minimum(shape[:2], tf.maximum(1.0, tf.round(window)))
    window = tf.cast(window, tf.int32)
    start = (tf.shape(image)[:2] - window) // 2
    stop = start + window
    return image[start[0] : stop[0], start[1] : stop[1]]


def _resize(image: Any, target: Any) -> Any:
    sides = tf.shape(image)[:2]
    # Antialiasing is ten times slower, and changes nothing in images that only grow.
    return tf.cond(
        tf.reduce_all(sides == target),
        lambda: image,
        lambda: tf.cond(
            tf.reduce_all(sides <= target),
            lambda: tf.image.resize(image, target),
            lambda: tf.image.resize(image, target, antialias=True),
        ),
    )
