"""`ConvFeatureInverter`: a decoder of what a classifier sees, with trained weights."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_latent import networks
from keras_latent.applications.builder import Architecture, build, decoder_widths
from keras_latent.applications.documentation import documented
from keras_latent.applications.preprocessing import preprocess_input
from keras_latent.models import FeatureInverter

__all__ = ["ConvFeatureInverter", "preprocess_input"]

FEATURES = 128
EXTRA = 5

# Narrower than where they stand alone: together they make a file of weights.
_HIDDEN = 192
_SMALLEST_MAP_CHANNELS = 64
_EXTRA_WIDTHS = (16, 32, 64)


def _code_size(image_shape: Sequence[int]) -> int:
    return FEATURES + EXTRA


def _make(
    encoder: keras.Model, image_shape: Sequence[int], latent_dim: int, name: str
) -> FeatureInverter:
    if latent_dim <= FEATURES:
        raise ValueError(
            f"`latent_dim` must be more than {FEATURES}, the features of the "
            f"classifier: the rest are extra numbers. Received: latent_dim={latent_dim}"
        )
    extra_size = latent_dim - FEATURES
    hidden = keras.layers.Dense(FEATURES, "relu", name="features")
    features = hidden(keras.layers.Flatten()(encoder.output))
    return FeatureInverter(
        keras.Model(encoder.input, features, name="feature_extractor"),
        networks.inversion_decoder(
            image_shape,
            FEATURES,
            extra_size,
            hidden=_HIDDEN,
            widths=(_SMALLEST_MAP_CHANNELS, *decoder_widths(image_shape)[1:]),
        ),
        networks.extra_encoder(image_shape, extra_size, _EXTRA_WIDTHS),
        name=name,
    )


ARCHITECTURE = Architecture(
    "ConvFeatureInverter",
    "conv_feature_inverter",
    _make,
    _code_size,
    code="the features and the extra numbers",
    code_sizes="133: 128 features and 5 extra numbers",
)


@documented(ARCHITECTURE)
def ConvFeatureInverter(  # noqa: N802, as those of keras.applications
    include_top: bool = True,
    weights: Any = "mnist",
    input_tensor: Any = None,
    input_shape: Sequence[int] | None = None,
    pooling: str | None = None,
    name: str = "conv_feature_inverter",
    latent_dim: int | None = None,
) -> Any:
    """Convolutional `FeatureInverter`, whole or as a backbone.

    It inverts the last hidden layer, of 128 features, of a classifier, with 5 extra
    numbers that control the decoder. The backbone is the classifier's convolutions.

    {arguments}

    {returns}

    >>> model = ConvFeatureInverter(weights=None)
    >>> model.encode(keras.ops.zeros((2, 28, 28, 1))).shape
    TensorShape([2, 133])
    """
    if include_top is True:
        _check_is_input(input_tensor)
    return build(ARCHITECTURE, **locals())


def _check_is_input(input_tensor: Any) -> None:
    """Refuse a tensor that something was made of before."""
    if not isinstance(input_tensor, keras.KerasTensor):
        return
    (source,) = keras.utils.get_source_inputs(input_tensor)
    if source is not input_tensor:
        raise ValueError(
            "`input_tensor` must be a `keras.Input` itself with `include_top=True`: "
            "two encoders see the image, and what stands before one would not before "
            f"the other. Received: input_tensor={input_tensor!r}"
        )
