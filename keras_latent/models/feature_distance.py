"""How far images are from each other to a frozen network."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent.models import specs
from keras_latent.networks.checks import check_model
from keras_latent.typing import Tensor

_SMALLEST = 1e-10


class FeatureDistance:
    """The distance of two images in the features of a frozen network.

        n · Σₗ mean over positions of ‖f̂ₗ(x) − f̂ₗ(y)‖²,   f̂ = f / ‖f‖ over channels,

    over the layers l, with the n numbers of an image, so that it stands beside a
    reconstruction that sums over them. It is LPIPS (Zhang et al. 2018) with weights of
    1 and any network.

    Args:
        extractor: Any Keras model from images. It is frozen, and called as in
            inference.
        layer_names: The layers whose outputs are compared; `None` for the outputs of
            the model itself.
        image: A `KerasTensor` of what is compared.

    Raises:
        ValueError: If the extractor doesn't take such images, or has no such layer.
    """

    def __init__(
        self,
        extractor: Any,
        layer_names: Sequence[str] | None,
        image: keras.KerasTensor,
    ) -> None:
        check_model("feature_extractor", extractor)
        specs.check_encoder(extractor, image, "feature_extractor")
        extractor.trainable = False
        self._network = extractor
        self._size = math.prod(image.shape[1:])
        if layer_names is None:
            return
        known = [layer.name for layer in extractor.layers]
        is_list = isinstance(layer_names, list | tuple) and len(layer_names) > 0
        if not is_list or not set(layer_names) <= set(known):
            raise ValueError(
                "`feature_layers` must be a list of names of layers of "
                f"`feature_extractor`: some of {known}. "
                f"Received: feature_layers={layer_names!r}"
            )
        try:
            outputs = [extractor.get_layer(name).output for name in layer_names]
        except AttributeError:
            raise ValueError(
                "`feature_layers` need a `feature_extractor` that is a functional or "
                "sequential model, whose layers' outputs are known. "
                f"Received: feature_layers={layer_names!r} of a "
                f"{type(extractor).__name__}"
            ) from None
        self._network = with_outputs(extractor, outputs)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """The distance of each pair, of shape (batch,)."""
        distances = [
            ops.reshape(ops.sum(ops.square(a - b), axis=-1), (ops.shape(a)[0], -1))
            for a, b in zip(self._features(x), self._features(y), strict=True)
        ]
        return self._size * sum(ops.mean(distance, axis=-1) for distance in distances)

    def _features(self, x: Tensor) -> list[Tensor]:
        given = self._network(specs.as_taken(self._network, x), training=False)
        features = keras.tree.flatten(given)
        return [_unit(ops.cast(feature, "float32")) for feature in features]


def with_outputs(
    network: keras.Model, outputs: Sequence[keras.KerasTensor]
) -> keras.Model:
    """A functional or sequential model of one input, with other outputs."""
    (taken,) = network.inputs
    return keras.Model(taken, list(outputs))


def _unit(features: Tensor) -> Tensor:
    squared = ops.sum(ops.square(features), axis=-1, keepdims=True)
    return features * ops.rsqrt(squared + _SMALLEST)
