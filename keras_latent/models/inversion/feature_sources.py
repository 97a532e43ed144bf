"""Where the features come from that a decoder inverts."""

import abc
import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.inversion.region_pooling import check_boxes
from keras_latent.layers import RegionPooling
from keras_latent.models import specs
from keras_latent.networks.checks import check_model
from keras_latent.typing import Tensor


class FeatureSource(abc.ABC):
    """What the inverter is given, and the features and the image in it.

    Args:
        image_spec: A `KerasTensor` of the image that the decoder gives.
    """

    def __init__(self, image_spec: keras.KerasTensor) -> None:
        self.image_spec = image_spec

    @abc.abstractmethod
    def spec(self) -> Any:
        """What is given: a `KerasTensor`, or a dict of them."""

    @abc.abstractmethod
    def features(self, x: Any) -> Tensor:
        """The features, a vector or a map for each image."""

    @abc.abstractmethod
    def image(self, x: Any) -> Tensor:
        """The image that the features are of, of shape (batch, ...)."""

    @abc.abstractmethod
    def check(self, x: Any) -> None:
        """Refuse what can't be features of an image, with a `ValueError`."""


class FeaturesOfImages(FeatureSource):
    """A frozen network that takes the image itself.

    Args:
        extractor: Any Keras model from the image to a vector or a map.
        image_spec: A `KerasTensor` of the image that the decoder gives.
    """

    def __init__(self, extractor: keras.Model, image_spec: keras.KerasTensor) -> None:
        super().__init__(image_spec)
        self.extractor = extractor
        specs.check_encoder(extractor, image_spec, "feature_extractor")

    def spec(self) -> keras.KerasTensor:
        """The image."""
        return self.image_spec

    def features(self, x: Tensor) -> Tensor:
        """f(x), as at inference: no dropout, and no statistics that move."""
        given = self.extractor(specs.as_taken(self.extractor, x), training=False)
        (features,) = keras.tree.flatten(given)
        return features

    def image(self, x: Tensor) -> Tensor:
        """The image itself."""
        return x

    def check(self, x: Tensor) -> None:
        """Refuse nothing: there is but the image."""


class FeaturesOfRegions(FeatureSource):
    """A frozen network that takes a scene and a box in it.

    Args:
        extractor: A Keras model from a dict of `image` and `boxes`, of shape
            (batch, 4), such as `networks.region_feature_extractor` makes.
        image_spec: A `KerasTensor` of the region as the decoder gives it.
    """

    def __init__(self, extractor: keras.Model, image_spec: keras.KerasTensor) -> None:
        super().__init__(image_spec)
        _check_takes_regions(extractor)
        self.extractor = extractor
        height, width = image_spec.shape[1:3]
        if height != width:
            raise ValueError(
                "`decoder` must give square images of regions. "
                f"Received: decoder.output_shape={tuple(image_spec.shape)}"
            )
        scene_size = tuple(extractor.input["image"].shape[1:3])
        self.crop = RegionPooling(height, scene_size, dtype="float32")

    def spec(self) -> dict[str, keras.KerasTensor]:
        """The scene and the box."""
        inputs = self.extractor.input
        return {
            name: keras.KerasTensor((None, *inputs[name].shape[1:]), "float32")
            for name in ("image", "boxes")
        }

    def features(self, x: Mapping[str, Tensor]) -> Tensor:
        """f(scene, box), as at inference."""
        return self.extractor(dict(x), training=False)

    def image(self, x: Mapping[str, Tensor]) -> Tensor:
        """What is in the box, in the size of the decoder's image."""
        return self.crop([x["image"]], x["boxes"])

    def check(self, x: Mapping[str, Any]) -> None:
        """Refuse boxes that are empty or outside of the scene."""
        check_boxes(np.asarray(x["boxes"]), tuple(np.shape(x["image"])[1:]))


class GivenFeatures(FeatureSource):
    """Features that were computed elsewhere, beside their images.

    Args:
        shape: Shape of the features of an image.
        image_spec: A `KerasTensor` of the image that the decoder gives.
    """

    def __init__(self, shape: tuple[int, ...], image_spec: keras.KerasTensor) -> None:
        super().__init__(image_spec)
        self.shape = shape

    def spec(self) -> dict[str, keras.KerasTensor]:
        """The features and the image."""
        features = keras.KerasTensor((None, *self.shape), "float32")
        return {"features": features, "image": self.image_spec}

    def features(self, x: Mapping[str, Tensor]) -> Tensor:
        """The features as they are."""
        return ops.convert_to_tensor(x["features"])

    def image(self, x: Mapping[str, Tensor]) -> Tensor:
        """The image beside them."""
        return x["image"]

    def check(self, x: Mapping[str, Any]) -> None:
        """Refuse features that aren't finite, or more or fewer than the images."""
        features, images = np.asarray(x["features"]), x["image"]
        if len(features) != len(images):
            raise ValueError(
                "`features` must be as many as the images. "
                f"Received: {len(features)} features and {len(images)} images"
            )
        if not np.isfinite(features).all():
            raise ValueError(
                "`features` must be finite. Received: features with "
                f"{features[~np.isfinite(features)][0]}"
            )


def feature_source(
    extractor: keras.Model | None,
    image_spec: keras.KerasTensor,
    shape: tuple[int, ...],
) -> FeatureSource:
    """The source that fits an extractor, or its absence.

    Args:
        extractor: The frozen network, or `None` for features computed elsewhere.
        image_spec: A `KerasTensor` of the image that the decoder gives.
        shape: Shape of the features that the decoder takes: a vector, or a map.

    Raises:
        ValueError: If the extractor doesn't take the image, or gives other features.
    """
    if extractor is None:
        return GivenFeatures(shape, image_spec)
    check_model("feature_extractor", extractor)
    source: FeatureSource
    taken = getattr(extractor, "input", None)
    if isinstance(taken, dict) and len(taken) > 1:
        source = FeaturesOfRegions(extractor, image_spec)
    else:
        source = FeaturesOfImages(extractor, image_spec)
    found = specs.feature_shape("feature_extractor", extractor, source.spec())
    if len(shape) == 1:
        found = (math.prod(found),)
    if found != shape:
        raise ValueError(
            f"`decoder` must take the {_said(found)} features of the extractor. "
            f"Received: a decoder of {_said(shape)} features"
        )
    return source


def _said(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _check_takes_regions(extractor: keras.Model) -> None:
    shapes = {name: tensor.shape for name, tensor in extractor.input.items()}
    if (
        shapes.keys() != {"image", "boxes"}
        or tuple(shapes["boxes"]) != (None, 4)
        or None in shapes["image"][1:]
    ):
        raise ValueError(
            "`feature_extractor` must take an image, or a dict of `image` of known "
            "size and of `boxes` of shape (None, 4). "
            f"Received: feature_extractor.input={shapes}"
        )
