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
    background: Any = (255.0, 255.0, 255.0),
) -> Any:
    """Bring an image to a size, with antialiasing where it shrinks.

    Args:
        image: Tensor of shape (..., height, width, channels), of any type and scale and
            of rank 3 or 4, whose sides needn't be known before it is read.
        image_size: The `(height, width)` to give out.
        fit: One of `FITS`. Defaults to `"stretch"`.
        background: The channels of the frame, on the image's scale. Defaults to the
            white of 8 bits.

    Returns:
        float32 tensor of shape (..., *image_size, channels) on the same scale.
    """
    shape = (*image.shape[:-3], *image_size, image.shape[-1])
    if fit == "crop":
        image = _middle(image, image_size)
    target = tf.constant(image_size)
    if fit == "pad":
        sides = tf.shape(image)[-3:-1]
        ratios = tf.cast(target, tf.float64) / tf.cast(sides, tf.float64)
        inner = tf.round(tf.cast(sides, tf.float64) * tf.reduce_min(ratios))
        inner = tf.clip_by_value(tf.cast(inner, tf.int32), 1, target)
        frame = tf.constant(background, tf.float32)[: shape[-1]]
        # What lies around is 0 of the difference to the frame.
        image = _resize(image, inner) - frame
        before = (target - inner) // 2
        paddings = tf.stack([before, target - inner - before], 1)
        around = [[[0, 0]]] * (len(shape) - 3)
        image = tf.pad(image, tf.concat([*around, paddings, [[0, 0]]], 0)) + frame
    else:
        image = _resize(image, target)
    return tf.ensure_shape(image, shape)


def _middle(image: Any, image_size: tuple[int, int]) -> Any:
    """The largest window of the target's proportions."""
    height, width = image_size
    sides = tf.shape(image)[-3:-1]
    exact = tf.cast(sides, tf.float64)
    window = tf.stack([exact[1] * (height / width), exact[0] * (width / height)])
    window = tf.minimum(exact, tf.maximum(tf.round(window), 1.0))
    start = (sides - tf.cast(window, tf.int32)) // 2
    stop = start + tf.cast(window, tf.int32)
    return image[..., start[0] : stop[0], start[1] : stop[1], :]


def _resize(image: Any, target: Any) -> Any:
    sides = tf.shape(image)[-3:-1]
    # Antialiasing is ten times slower, and changes nothing in images that only grow.
    return tf.cond(
        tf.reduce_all(sides == target),
        lambda: tf.cast(image, tf.float32),
        lambda: tf.cond(
            tf.reduce_all(sides <= target),
            lambda: tf.image.resize(image, target),
            # Without a copy in floats, which would be four times as large.
            lambda: tf.image.resize(image, target, antialias=True),
        ),
    )
