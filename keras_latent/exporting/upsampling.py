"""Doubling of maps that keeps its sizes known, for a converter that must know them."""

from typing import Any

import keras
from keras import ops

from keras_latent.typing import Tensor


def with_known_sizes(network: keras.Model) -> keras.Model:
    """The same network, whose nearest up-sampling is one operation of known sizes.

    Keras repeats rows and columns. TensorFlow forgets the sizes of what it repeats, so
    that LiteRT finds no convolution of its own for what comes after two of them.
    Resizing to the nearest pixel gives the same values. In training, repeating stays:
    XLA can differentiate it. So it does in ONNX, which knows the sizes.

    Args:
        network: A functional model; what isn't functional within it stays as it is.

    Returns:
        A functional model of the same layers, and weights, but for up-samplings.
    """

    def replaced(layer: keras.layers.Layer) -> Any:
        return NearestResizing(layer) if _repeats(layer) else layer

    return keras.models.clone_model(network, clone_function=replaced, recursive=True)


class NearestResizing(keras.layers.Layer):
    """What a layer of nearest up-sampling does, by resizing.

    Args:
        layer: A `keras.layers.UpSampling2D` of images with channels last.
    """

    def __init__(self, layer: keras.layers.UpSampling2D) -> None:
        super().__init__(name=layer.name, dtype=layer.dtype_policy)
        self.factors = layer.size

    def call(self, x: Tensor) -> Tensor:
        """Resize maps of shape (batch, height, width, channels)."""
        size = [side * by for side, by in zip(x.shape[1:3], self.factors, strict=True)]
        return ops.image.resize(x, size, interpolation="nearest")


def _repeats(layer: keras.layers.Layer) -> bool:
    return (
        isinstance(layer, keras.layers.UpSampling2D)
        and layer.interpolation == "nearest"
        and layer.data_format == "channels_last"
    )
