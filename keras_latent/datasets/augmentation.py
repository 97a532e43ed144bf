"""Images changed a little, by chance but the same again for the same seed."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from keras_latent.validation import check_choice

AUGMENTATIONS = {
    "mirror": "half of the images are mirrored, left to right",
    "shift": "each is moved by up to an eighth of its sides; its edges are repeated",
    "colour": "brightness and contrast change, and of colour images the saturation",
}
"""What can be done to the images of a training, by name."""

_SHIFT = 8
_BRIGHTNESS, _CONTRAST, _SATURATION = 0.15, 0.3, 0.5


def check_augmentations(names: Iterable[str]) -> None:
    """Refuse what is no augmentation.

    Raises:
        ValueError: If a name is none of `AUGMENTATIONS`.
    """
    for name in names:
        check_choice("augment", name, AUGMENTATIONS)


def augmented(
    batches: tf.data.Dataset, names: Iterable[str], seed: int, first_step: int = 0
) -> tf.data.Dataset:
    """Augment the images of a training.

    What becomes of a batch is a function of `seed` and its number alone, so that a run
    that goes on sees what an unbroken one would see.

    Args:
        batches: Of (images, labels): float32 in [0, 1] of shape (batch, height, width,
            channels).
        names: Of `AUGMENTATIONS`.
        seed: Any integer of 63 bits.
        first_step: The number of the first batch. Defaults to 0.

    Returns:
        The dataset, its images changed.

    Raises:
        ValueError: If a name is none of `AUGMENTATIONS`.
    """
    names = list(names)
    check_augmentations(names)
    if not names:
        return batches

    def change(step: Any, batch: tuple[Any, Any]) -> tuple[Any, Any]:
        images, labels = batch
        for place, name in enumerate(AUGMENTATIONS):
            if name in names:
                own = tf.stack([tf.constant(seed, tf.int64), step * 8 + place])
                images = _CHANGES[name](images, own)
        return images, labels

    numbered = batches.enumerate(start=first_step)
    return numbered.map(change, num_parallel_calls=tf.data.AUTOTUNE).prefetch(1)


def _mirrored(images: Any, seed: Any) -> Any:
    chance = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed)
    return tf.where(chance < 0.5, images[:, :, ::-1], images)


def _shifted(images: Any, seed: Any) -> Any:
    for axis in (1, 2):
        side = images.shape[axis]
        most = max(1, side // _SHIFT)
        steps = tf.random.stateless_uniform(
            (tf.shape(images)[0], 1),
            seed + tf.constant([0, axis * 2**32], tf.int64),
            -most,
            most + 1,
            tf.int32,
        )
        places = tf.clip_by_value(tf.range(side)[tf.newaxis] + steps, 0, side - 1)
        images = tf.gather(images, places, axis=axis, batch_dims=1)
    return images


def _recoloured(images: Any, seed: Any) -> Any:
    shape = (3, tf.shape(images)[0], 1, 1, 1)
    brightness, contrast, saturation = tf.unstack(
        tf.random.stateless_uniform(shape, seed, -1.0, 1.0)
    )
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    images = mean + (images - mean) * (1.0 + _CONTRAST * contrast)
    images += _BRIGHTNESS * brightness
    if images.shape[-1] == 3:
        grey = tf.reduce_mean(images, axis=-1, keepdims=True)
        images = grey + (images - grey) * (1.0 + _SATURATION * saturation)
    return tf.clip_by_value(images, 0.0, 1.0)


_CHANGES = {"mirror": _mirrored, "shift": _shifted, "colour": _recoloured}
