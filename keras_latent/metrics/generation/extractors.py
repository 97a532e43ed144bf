"""The library's own extractors of features, found by the name of their data."""

from collections.abc import Callable
from typing import NamedTuple

import keras

from keras_latent.validation import check_choice


class OwnExtractor(NamedTuple):
    """An extractor that comes with the library.

    Args:
        described: What its features are, for the protocol.
        make: Makes it, with its weights.
    """

    described: str
    make: Callable[[], keras.Model]


def _classifier(weights: str) -> keras.Model:
    from keras_latent.applications import ConvFeatureInverter

    return ConvFeatureInverter(weights=weights).feature_extractor


def _of_icons() -> keras.Model:
    from keras_latent.applications import ConvKLAutoencoder

    return ConvKLAutoencoder(include_top=False, weights="pictures", pooling="avg")


# A classifier's features, as Inception's are, where there is a classifier.
EXTRACTORS = {
    "mnist": OwnExtractor(
        "the 128 features of the digit classifier in ConvFeatureInverter, of 28 by 28 "
        "grey pixels in [0, 1]",
        lambda: _classifier("mnist"),
    ),
    "emoji": OwnExtractor(
        "the 128 features of the emoji classifier in ConvFeatureInverter, of 64 by 64 "
        "coloured pixels in [0, 1]",
        lambda: _classifier("emoji"),
    ),
    "icons": OwnExtractor(
        "the encoder of ConvKLAutoencoder, trained on emoji and icons, means over its "
        "map, of 64 by 64 coloured pixels in [0, 1]",
        _of_icons,
    ),
}
"""The extractors by their names, which scores carry: "FID-mnist"."""


def own_extractor(name: str) -> keras.Model:
    """Make one of the library's own extractors, with its weights.

    Args:
        name: One of `EXTRACTORS`.

    Returns:
        A model from images to features of shape (batch, features).

    Raises:
        ValueError: If there is none of that name.
        FileNotFoundError: If its weights are missing.

    >>> own_extractor("mnist").output_shape
    (None, 128)
    """
    check_choice("extractor", name, EXTRACTORS)
    return EXTRACTORS[name].make()
