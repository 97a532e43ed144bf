"""Networks that judge codes and images."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.networks.checks import (
    check_model,
    checked_image_shape,
    checked_widths,
)
from keras_latent.validation import check_in_range, checked_positive_integer

_GROUPS = 8


def dense_critic(
    size: int,
    widths: Sequence[int] = (1000, 1000, 1000, 1000, 1000, 1000),
    dtype: Any = None,
    name: str = "critic",
) -> keras.Model:
    """Dense layers with leaky ReLU: a vector is judged by one logit.

    Args:
        size: Length of the vector.
        widths: The number of units of each layer. Defaults to
            `(1000, 1000, 1000, 1000, 1000, 1000)`.
        dtype: The dtype policy of the layers; the logit is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"critic"`.

    Returns:
        A functional model: (batch, size) to (batch, 1).

    Raises:
        ValueError: If `size` or `widths` isn't as described.

    Source: Kim and Mnih 2018, appendix A.

    >>> dense_critic(6, widths=(32, 32)).output_shape
    (None, 1)
    """
    size = checked_positive_integer("size", size)
    widths = checked_widths(widths)
    code = keras.Input((size,), name="code")
    x = code
    for width in widths:
        x = layers.Dense(width, dtype=dtype)(x)
        x = layers.LeakyReLU(negative_slope=0.2, dtype=dtype)(x)
    return keras.Model(code, layers.Dense(1, dtype="float32")(x), name=name)


def patch_critic(
    image_shape: Sequence[int],
    widths: Sequence[int] = (64, 128, 256),
    dtype: Any = None,
    name: str = "critic",
) -> keras.Model:
    """Strided convolutions with leaky ReLU: each patch is judged by one logit.

    Each width adds a 4×4 convolution with stride 2; all but the first are followed by
    group normalisation, so that the network keeps no statistics of its own.

    Args:
        image_shape: (height, width, channels), height and width at least 8, 1 to 4
            channels.
        widths: The number of filters of each convolution. Defaults to
            `(64, 128, 256)`.
        dtype: The dtype policy of the layers; logits are float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"critic"`.

    Returns:
        A functional model: (batch, height, width, channels) to (batch, h, w, 1).

    Raises:
        ValueError: If `image_shape` or `widths` isn't as described.

    Source: Isola et al. 2017, "Image-to-image translation with conditional adversarial
    networks", section 3.2.2.

    >>> patch_critic((32, 32, 3), widths=(8, 16)).output_shape
    (None, 8, 8, 1)
    """
    image_shape = checked_image_shape(image_shape)
    widths = checked_widths(widths)
    image = keras.Input(image_shape, name="image")
    x = _strided(image, widths, dtype)
    logits = layers.Conv2D(1, 3, padding="same", dtype="float32")(x)
    return keras.Model(image, logits, name=name)


def joint_critic(
    image_shape: Sequence[int],
    code_shape: Sequence[int],
    widths: Sequence[int] = (64, 128, 256),
    dense_width: int = 512,
    dropout: float = 0.2,
    dtype: Any = None,
    name: str = "critic",
) -> keras.Model:
    """An image and a code, which are judged together by one logit.

    Strided convolutions read the image, a dense layer the code, and another both, all
    with leaky ReLU and without statistics of batches. Dropout keeps it from telling
    all pairs before the model has learned anything.

    Args:
        image_shape: As for `patch_critic`.
        code_shape: The shape of a code: (d,), or (h, w, c) of a map.
        widths: The number of filters of each convolution. Defaults to
            `(64, 128, 256)`.
        dense_width: The number of units of each dense layer. Defaults to 512.
        dropout: The share of numbers that are left out after each layer in training.
            Defaults to 0.2.
        dtype: The dtype policy of the layers; the logit is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"critic"`.

    Returns:
        A functional model: [(batch, height, width, channels), (batch, *code_shape)] to
        (batch, 1).

    Raises:
        ValueError: If an argument isn't as described.

    Source: Dumoulin et al. 2017, "Adversarially learned inference", appendix A.

    >>> joint_critic((32, 32, 3), (6,), widths=(8, 16), dense_width=32).output_shape
    (None, 1)
    """
    image_shape = checked_image_shape(image_shape)
    widths = checked_widths(widths)
    dense_width = checked_positive_integer("dense_width", dense_width)
    check_in_range("dropout", dropout, high=0.99)
    image = keras.Input(image_shape, name="image")
    code = keras.Input(tuple(map(int, code_shape)), name="code")
    x = layers.Flatten(dtype=dtype)(_strided(image, widths, dtype, dropout))
    both = _dense(layers.Flatten(dtype=dtype)(code), dense_width, dtype, dropout)
    both = layers.Concatenate(dtype=dtype)([x, both])
    both = _dense(both, dense_width, dtype, dropout)
    return keras.Model([image, code], layers.Dense(1, dtype="float32")(both), name=name)


def check_patch_critic(argument: str, critic: Any, shape: tuple[int, ...]) -> None:
    """Refuse what doesn't judge images by one logit, or by one for each patch.

    Args:
        argument: The critic's name, for the message.
        critic: What the caller gave.
        shape: The shape of an image.

    Raises:
        ValueError: If it isn't a Keras model from such images to (batch, 1) or (batch,
            h, w, 1).
    """
    given = getattr(critic, "output_shape", None)
    if isinstance(given, tuple) and len(given) == 4 and given[-1] == 1:
        given = (None, 1)
    _check_judge(argument, critic, shape, given)


def check_critic(argument: str, critic: Any, shape: tuple[int, ...]) -> None:
    """Refuse what doesn't judge values of a shape by one logit.

    Args:
        argument: The critic's name, for the message.
        critic: What the caller gave.
        shape: The shape of what is judged, rows aside.

    Raises:
        ValueError: If it isn't a Keras model from such values to (batch, 1).
    """
    _check_judge(argument, critic, shape, getattr(critic, "output_shape", None))


def check_joint_critic(
    argument: str, critic: Any, image: tuple[int, ...], code: tuple[int, ...]
) -> None:
    """Refuse what doesn't judge an image and a code together by one logit.

    Args:
        argument: The critic's name, for the message.
        critic: What the caller gave.
        image: The shape of an image.
        code: The shape of a code.

    Raises:
        ValueError: If it isn't a Keras model from [image, code] to (batch, 1).
    """
    check_model(argument, critic)
    taken = getattr(critic, "input_shape", None)
    given = getattr(critic, "output_shape", None)
    wanted = [(None, *image), (None, *code)]
    if taken != wanted or given != (None, 1):
        raise ValueError(
            f"`{argument}` must take an image and a code, {wanted}, and give a logit "
            f"of shape (None, 1). Received: {argument}.input_shape={taken}, "
            f"{argument}.output_shape={given}"
        )


def _strided(x: Any, widths: Sequence[int], dtype: Any, dropout: float = 0.0) -> Any:
    """A symbolic image after the convolutions of `patch_critic`."""
    for index, width in enumerate(widths):
        x = layers.Conv2D(width, 4, strides=2, padding="same", dtype=dtype)(x)
        if index:
            groups = math.gcd(width, _GROUPS)
            x = layers.GroupNormalization(groups, dtype=dtype)(x)
        x = layers.LeakyReLU(negative_slope=0.2, dtype=dtype)(x)
        if dropout:
            x = layers.Dropout(dropout, dtype=dtype)(x)
    return x


def _dense(x: Any, width: int, dtype: Any, dropout: float) -> Any:
    x = layers.Dense(width, dtype=dtype)(x)
    x = layers.LeakyReLU(negative_slope=0.2, dtype=dtype)(x)
    return layers.Dropout(dropout, dtype=dtype)(x) if dropout else x


def _check_judge(
    argument: str, critic: Any, shape: tuple[int, ...], judged: Any
) -> None:
    check_model(argument, critic)
    taken = getattr(critic, "input_shape", None)
    given = getattr(critic, "output_shape", None)
    if taken != (None, *shape) or judged != (None, 1):
        raise ValueError(
            f"`{argument}` must take values of shape {(None, *shape)} and give a logit "
            f"of shape (None, 1). Received: {argument}.input_shape={taken}, "
            f"{argument}.output_shape={given}"
        )
