"""`EmojiDetector`: a small detector of emoji in scenes, with trained weights."""

from typing import Any

import keras

from keras_latent.applications import weight_files
from keras_latent.applications.preprocessing import preprocess_input
from keras_latent.datasets.emoji import CATEGORIES
from keras_latent.inversion.detector import yolo_detector

__all__ = ["EmojiDetector", "preprocess_input"]


def EmojiDetector(  # noqa: N802, named as the builders of keras.applications are
    weights: Any = "emoji", name: str = "emoji_detector"
) -> keras.Model:
    """Detector of keras-cv for emoji in scenes of 128 × 128 × 3, as `emoji_scenes`.

    Its classes are the ten categories of emoji, in the order of `emoji.CATEGORIES`.
    `networks.region_feature_extractor` makes features of regions from it.

    Args:
        weights: `"emoji"`, `None` for an untrained detector, or the path of a file that
            `save_weights` wrote. Defaults to `"emoji"`.
        name: The model's name. Defaults to `"emoji_detector"`.

    Returns:
        A `keras_cv.models.YOLOV8Detector` by `yolo_detector`. It takes images in
        [0, 1]: see `preprocess_input`.

    Raises:
        ValueError: If `weights` is none of these, or the file is not what it was when
            it was made.
        FileNotFoundError: If a file of weights is missing.
        ImportError: If keras-cv isn't installed: it comes with the extra `detection`.

    >>> EmojiDetector(weights=None).input_shape
    (None, 128, 128, 3)
    """
    own = None
    if weights == "emoji":
        # Of the folder `emoji_detector`.
        own = weight_files.find("emoji", "detector")
    elif weights is not None and not weight_files.is_path(weights):
        raise ValueError(
            "`weights` must be 'emoji', None, or the path of a file of weights of "
            f"EmojiDetector. Received: weights={weights!r}"
        )
    detector = yolo_detector(len(CATEGORIES), name=name)
    if weights is not None:
        weight_files.load(detector, weights if own is None else own.file, own)
    return detector
