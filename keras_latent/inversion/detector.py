"""A small detector of keras-cv, and the features of regions that it computes."""

import math
from collections.abc import Sequence
from types import ModuleType

import keras
from keras import ops

from keras_latent.inversion.region_pooling import RegionPooling
from keras_latent.networks.checks import checked_image_shape, checked_widths
from keras_latent.validation import check_in_range, checked_positive_integer

_STRIDE = 32
_PRIOR_LOGIT = math.log(0.01 / 0.99)
_HEAD_INPUTS = tuple(f"yolo_v8_head_{level}_box_1_pad" for level in (1, 2, 3))


def yolo_detector(
    num_classes: int,
    image_shape: Sequence[int] = (128, 128, 3),
    widths: Sequence[int] = (16, 32, 64, 96),
    confidence_threshold: float = 0.05,
    iou_threshold: float = 0.5,
    max_detections: int = 20,
    name: str = "yolo_detector",
) -> keras.Model:
    """Build a small `YOLOV8Detector` of keras-cv for images in [0, 1].

    Boxes are (left, top, right, bottom) in pixels, keras-cv's `"xyxy"`. `fit` takes
    what `emoji_scenes` gives, once the detector is compiled with
    `box_loss="ciou", classification_loss="binary_crossentropy"`; `predict` gives a dict
    of `boxes` (batch, max_detections, 4), `confidence` and `classes` (batch,
    max_detections), -1 where there are fewer detections.

    Args:
        num_classes: Number of classes.
        image_shape: (height, width, channels), height and width multiples of 32.
            Defaults to `(128, 128, 3)`.
        widths: The four numbers of channels of the backbone, at a fourth of the image's
            height and width, an eighth, a sixteenth and a thirty-second. The last three
            make the feature pyramid. Defaults to `(16, 32, 64, 96)`.
        confidence_threshold: Detections below it are left out. Defaults to 0.05.
        iou_threshold: Of two detections that overlap by more, the less confident one is
            left out. Defaults to 0.5.
        max_detections: The largest number of detections in an image. Defaults to 20.
        name: The model's name. Defaults to `"yolo_detector"`.

    Returns:
        A `keras_cv.models.YOLOV8Detector`.

    Raises:
        ValueError: If an argument isn't as described.
        ImportError: If keras-cv isn't installed.

    Source: Lin et al. 2017, "Focal loss for dense object detection", section 4.1, for
    the biases that the scores of the classes begin with.

    >>> detector = yolo_detector(num_classes=10, widths=(8, 8, 8, 8))
    >>> detector.input_shape
    (None, 128, 128, 3)
    """
    num_classes = checked_positive_integer("num_classes", num_classes)
    image_shape = checked_image_shape(image_shape)
    if any(side % _STRIDE for side in image_shape[:2]):
        raise ValueError(
            f"`image_shape` must have a height and width that are multiples of "
            f"{_STRIDE}. Received: image_shape={image_shape}"
        )
    widths = checked_widths(widths)
    if len(widths) != 4:
        raise ValueError(
            f"`widths` must be four numbers of channels. Received: widths={widths!r}"
        )
    check_in_range("confidence_threshold", confidence_threshold, 0, 1)
    check_in_range("iou_threshold", iou_threshold, 0, 1)
    max_detections = checked_positive_integer("max_detections", max_detections)
    keras_cv = _load_keras_cv()
    backbone = keras_cv.models.YOLOV8Backbone(
        stackwise_channels=list(widths),
        stackwise_depth=[1, 1, 1, 1],
        include_rescaling=False,
        input_shape=image_shape,
    )
    detector = keras_cv.models.YOLOV8Detector(
        backbone=backbone,
        num_classes=num_classes,
        bounding_box_format="xyxy",
        fpn_depth=1,
        prediction_decoder=keras_cv.layers.NonMaxSuppression(
            bounding_box_format="xyxy",
            from_logits=False,
            iou_threshold=iou_threshold,
            confidence_threshold=confidence_threshold,
            max_detections=max_detections,
        ),
        name=name,
    )
    # Nearly everywhere is no object: without this prior, that is all that the first
    # hundreds of steps would learn (Lin et al. 2017).
    for level in (1, 2, 3):
        last = detector.get_layer(f"yolo_v8_head_{level}_class_3_conv")
        last.bias.assign(ops.full_like(last.bias, _PRIOR_LOGIT))
    return detector


def _load_keras_cv() -> ModuleType:
    """keras-cv, which takes seconds to load and comes with an extra alone."""
    try:
        import keras_cv
    except ImportError as error:
        raise ImportError(
            "A detector needs keras-cv. Install it with the extra `detection`: "
            "`pip install 'keras_latent[detection]'`"
        ) from error
    return keras_cv


def region_feature_extractor(
    detector: keras.Model, size: int = 2, name: str = "region_features"
) -> keras.Model:
    """Build the model from an image and a box in it to a detector's features there.

    It pools the three maps of the feature pyramid that the detector's heads see, each
    by `RegionPooling`. It shares the detector's layers. Called with `training=False`,
    it moves none of their variables, batch statistics included; with
    `trainable = False` never.

    Args:
        detector: A `YOLOV8Detector` of keras-cv for images of a fixed size, such as
            `yolo_detector` builds.
        size: Number of bins along each side of a box. Defaults to 2.
        name: The model's name. Defaults to `"region_features"`.

    Returns:
        A functional model: a dict of `image` (batch, height, width, channels) and
        `boxes` (batch, 4), one box an image, (left, top, right, bottom) in pixels, to
        features of shape (batch, size · size · channels of the pyramid).

    Raises:
        ValueError: If `detector` has no such pyramid, or takes images of any size.

    >>> extractor = region_feature_extractor(yolo_detector(3, widths=(8, 8, 16, 24)))
    >>> extractor.output_shape
    (None, 192)
    """
    names = {layer.name for layer in getattr(detector, "layers", ())}
    if not names.issuperset(_HEAD_INPUTS):
        raise ValueError(
            "`detector` must be a `YOLOV8Detector` of keras-cv. "
            f"Received: detector={detector!r}"
        )
    image_shape = detector.input_shape[1:]
    if None in image_shape:
        raise ValueError(
            "`detector` must take images of a fixed size. "
            f"Received: detector with input_shape={detector.input_shape}"
        )
    maps = [detector.get_layer(layer).input for layer in _HEAD_INPUTS]
    pyramid = keras.Model(detector.input, maps, name="feature_pyramid")
    inputs = {
        "image": keras.Input(image_shape, name="image"),
        "boxes": keras.Input((4,), name="boxes"),
    }
    pooling = RegionPooling(size, image_shape[:2], name="region_pooling")
    pooled = pooling(pyramid(inputs["image"]), inputs["boxes"])
    features = keras.layers.Flatten(name="features")(pooled)
    return keras.Model(inputs, features, name=name)
