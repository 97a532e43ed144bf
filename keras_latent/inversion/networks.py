"""Networks that make images of the features of another network."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.inversion.hyper_dense import HyperDense
from keras_latent.networks.checks import checked_image_shape, checked_widths
from keras_latent.networks.convolutional import (
    convolutional_encoder,
    convolved,
    image_from_map,
    smallest_map,
)
from keras_latent.validation import check_choice, checked_positive_integer

MODES = ("features", "concat", "hyper")
"""How a decoder takes extra numbers: not, beside the features, or as control."""


def extra_encoder(
    image_shape: Sequence[int],
    size: int = 5,
    widths: Sequence[int] = (32, 64, 128),
    dtype: Any = None,
    name: str = "extra_encoder",
) -> keras.Model:
    """Strided convolutions: an image becomes a few numbers.

    They are to hold what the features of another network leave out, such as the
    position of what is seen; their number is small, lest they hold the image itself.

    Args:
        image_shape: (height, width, channels), height and width at least 8, 1 or 3
            channels.
        size: How many numbers. Defaults to 5.
        widths: The number of filters of each convolution, first to last. Defaults to
            `(32, 64, 128)`.
        dtype: The dtype policy of the layers. Defaults to `None`: the global one.
        name: The model's name. Defaults to `"extra_encoder"`.

    Returns:
        A functional model: (batch, height, width, channels) to (batch, size), float32.

    Raises:
        ValueError: If `image_shape`, `size` or `widths` isn't as described.

    Source: Potapov 2019, "Inverting discriminative representations with HyperNets":
    the additional encoder for recovering lost information.

    >>> extra_encoder((28, 28, 1)).output_shape
    (None, 5)
    """
    size = checked_positive_integer("size", size)
    encoder = convolutional_encoder(image_shape, widths, dtype=dtype)
    x = layers.Flatten(dtype=dtype)(encoder.output)
    extra = layers.Dense(int(size), dtype="float32", name="extra")(x)
    return keras.Model(encoder.input, extra, name=name)


def inversion_decoder(
    image_shape: Sequence[int],
    feature_size: int,
    extra_size: int = 5,
    mode: str = "hyper",
    rank: int | None = 4,
    control: Sequence[int] = (32,),
    hyper_at: str = "map",
    hidden: int = 256,
    widths: Sequence[int] = (128, 64, 32, 16),
    convolutions: int = 1,
    upsampling: bool = True,
    output_activation: str | None = "sigmoid",
    dtype: Any = None,
    name: str = "decoder",
) -> keras.Model:
    """Features of another network, and a few extra numbers, become an image.

    Two dense layers make the smallest map, and convolutions and doubling make the image
    of it, as in `convolutional_decoder`. The modes have the same depth and differ in
    what the extra numbers do: nothing (`"features"`), stand beside the features
    (`"concat"`), or control the weights of one of the dense layers (`"hyper"`).

    Args:
        image_shape: (height, width, channels) of the output, height and width at least
            8, 1 or 3 channels.
        feature_size: Number of the features.
        extra_size: Number of the extra numbers; not used by the mode `"features"`.
            Defaults to 5.
        mode: `"features"`, `"concat"` or `"hyper"`. Defaults to `"hyper"`.
        rank: Rank of what multiplies the controlled weights, or `None` for the full
            matrix. Defaults to 4.
        control: Widths of the hidden layers of the control network. Defaults to
            `(32,)`.
        hyper_at: Which dense layer is controlled: the one on the `"features"`, or the
            one that makes the `"map"`. Defaults to `"map"`.
        hidden: Units of the dense layer on the features. Defaults to 256.
        widths: The number of channels of each map, smallest map first. Defaults to
            `(128, 64, 32, 16)`.
        convolutions: Convolutions at each size: 2 make the decoder deeper. Defaults to
            1.
        upsampling: Whether the map is small and doubled. Without, the dense layer makes
            a map of the size of the image and `widths[-1]` channels, and as many
            convolutions follow. Defaults to `True`.
        output_activation: The last activation; `None` for none. Defaults to
            `"sigmoid"`.
        dtype: The dtype policy of the layers; the output is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"decoder"`.

    Returns:
        A functional model from [features, extra], of shapes (batch, feature_size) and
        (batch, extra_size), or in the mode `"features"` from features alone, to
        (batch, height, width, channels).

    Raises:
        ValueError: If an argument isn't as described.

    Source: Potapov 2019, "Inverting discriminative representations with HyperNets":
    the three decoders, the deeper ones and those without upsampling.

    >>> decoder = inversion_decoder((28, 28, 1), feature_size=128)
    >>> decoder.input_shape, decoder.output_shape
    ([(None, 128), (None, 5)], (None, 28, 28, 1))
    """
    image_shape = checked_image_shape(image_shape)
    widths = checked_widths(widths)
    feature_size = checked_positive_integer("feature_size", feature_size)
    hidden = checked_positive_integer("hidden", hidden)
    check_choice("mode", mode, MODES)
    check_choice("hyper_at", hyper_at, ("features", "map"))
    convolutions = checked_positive_integer("convolutions", convolutions)
    features = keras.Input((feature_size,), name="features")
    inputs: Any = features
    extra = None
    if mode != "features":
        extra_size = checked_positive_integer("extra_size", extra_size)
        extra = keras.Input((extra_size,), name="extra")
        inputs = [features, extra]

    def dense(units: int, place: str, x: Any) -> Any:
        if mode == "hyper" and place == hyper_at:
            layer = HyperDense(units, rank, "relu", control=control, dtype=dtype)
            return layer([x, extra])
        if mode == "concat" and place == "features":
            x = layers.Concatenate(dtype=dtype)([x, extra])
        return layers.Dense(units, activation="relu", dtype=dtype)(x)

    height, width, _ = image_shape
    unfolded = (height, width, widths[-1])
    made = smallest_map(image_shape, widths) if upsampling else unfolded
    x = dense(math.prod(made), "map", dense(int(hidden), "features", features))
    x = layers.Reshape(made, dtype=dtype)(x)
    if not upsampling:
        x = convolved(x, widths[-1], (len(widths) - 1) * convolutions, dtype)
        widths = widths[-1:]
    image = image_from_map(
        x, image_shape, widths, output_activation, convolutions, dtype
    )
    return keras.Model(inputs, image, name=name)
