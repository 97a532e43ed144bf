"""Variations of emoji: 1,529 glyphs are few to learn pictures from."""

import tensorflow as tf

_SHIFT = 4


def vary(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Mirror half of the images, shift all, swap the colours of a quarter.

    Args:
        images: float32 of shape (batch, height, width, 3) in [0, 1], on white.
        seed: int64 of shape (2,) that alone decides.

    Returns:
        Images of the same shape.
    """
    count = tf.shape(images)[0]
    draws = tf.random.stateless_uniform((3, count), seed)
    images = tf.where(draws[0][:, None, None, None] < 0.5, images[:, :, ::-1], images)
    # The shift is drawn for the batch: shifting each image by itself costs more.
    padding = [[0, 0], [_SHIFT, _SHIFT], [_SHIFT, _SHIFT], [0, 0]]
    padded = tf.pad(images, padding, constant_values=1.0)
    images = tf.image.stateless_random_crop(padded, tf.shape(images), seed)
    order = tf.argsort(tf.random.stateless_uniform((3,), seed + 1))
    swapped = tf.gather(images, order, axis=-1)
    return tf.where(draws[1][:, None, None, None] < 0.25, swapped, images)
