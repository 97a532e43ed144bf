"""The detector of keras-cv, and the features of regions that it computes."""

import keras
import numpy as np
import pytest

from keras_latent.layers import RegionPooling
from keras_latent.networks import region_feature_extractor, yolo_detector

SHAPE = (64, 96, 3)
WIDTHS = (8, 8, 16, 24)


def build(**arguments):
    return yolo_detector(3, **{"image_shape": SHAPE, "widths": WIDTHS, **arguments})


@pytest.fixture(scope="module")
def detector():
    keras.utils.set_random_seed(0)
    return build()


@pytest.fixture(scope="module")
def scenes():
    images = np.random.default_rng(0).random((4, *SHAPE)).astype("float32")
    boxes = np.tile(np.array([[8, 8, 40, 40], [-1] * 4], "float32"), (4, 1, 1))
    images[:, 8:40, 8:40] = 1
    return images, {"boxes": boxes, "classes": np.tile([[2, -1]], (4, 1))}


def values(model):
    return [np.array(variable) for variable in model.variables]


def assert_equal(some, others):
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one, other)


class TestDetector:
    def test_nearly_everything_is_nothing_at_first(self, detector, scenes):
        classes = np.asarray(detector(scenes[0], training=False)["classes"])
        # A map of strides 8, 16 and 32 each.
        assert classes.shape == (4, 8 * 12 + 4 * 6 + 2 * 3, 3)
        assert classes.mean() == pytest.approx(0.01, rel=0.5)

    @pytest.mark.all
    def test_learns_and_predicts_boxes(self, scenes, tmp_path):
        images, labels = scenes
        model = build(confidence_threshold=0.0, max_detections=5)
        model.compile(
            box_loss="ciou",
            classification_loss="binary_crossentropy",
            optimizer=keras.optimizers.Adam(0.01),
            run_eagerly=True,  # compiling takes longer than a few steps
        )
        before = values(model)
        history = model.fit(images, labels, batch_size=4, epochs=6, verbose=0).history
        assert history["loss"][-1] < history["loss"][0]
        changed = [(a != b).any() for a, b in zip(before, values(model), strict=True)]
        assert np.mean(changed) > 0.9
        found = model.predict(images, verbose=0)
        assert found["boxes"].shape == (4, 5, 4)
        assert found["confidence"].shape == found["classes"].shape == (4, 5)
        assert (found["boxes"][..., 2:] >= found["boxes"][..., :2]).all()

        model.save_weights(tmp_path / "mine.weights.h5")
        again = build(confidence_threshold=0.0, max_detections=5)
        again.load_weights(tmp_path / "mine.weights.h5")
        np.testing.assert_array_equal(
            again(images, training=False)["boxes"],
            model(images, training=False)["boxes"],
        )

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"num_classes": 0}, "`num_classes` must be a positive integer"),
            ({"image_shape": (64, 64)}, "`image_shape` must be"),
            (
                {"image_shape": (64, 80, 3)},
                r"`image_shape` .* multiples of 32\. Received: .*\(64, 80, 3\)",
            ),
            ({"widths": (8, 8, 8)}, r"`widths` must be four .*widths=\(8, 8, 8\)"),
            ({"widths": (8, 8, 8, 0)}, "`widths` must be a sequence"),
            ({"confidence_threshold": 2}, "`confidence_threshold` must be a number"),
            ({"iou_threshold": -1}, "`iou_threshold` must be a number"),
            ({"max_detections": 0}, "`max_detections` must be a positive integer"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            yolo_detector(**{"num_classes": 3, **arguments})


class TestRegionFeatures:
    BOXES = np.array([[8, 8, 40, 40], [0, 0, 96, 64], [1, 2, 5, 60], [50, 9, 90, 20]])

    def inputs(self, scenes):
        return {"image": scenes[0], "boxes": self.BOXES.astype("float32")}

    @pytest.mark.all
    def test_are_the_pyramid_pooled_by_hand(self, detector, scenes):
        pyramid = [
            detector.get_layer(f"yolo_v8_head_{level}_box_1_pad").input
            for level in (1, 2, 3)
        ]
        assert [m.shape[1:3] for m in pyramid] == [(8, 12), (4, 6), (2, 3)]
        maps = keras.Model(detector.input, pyramid)(scenes[0], training=False)
        inputs = self.inputs(scenes)
        pooled = RegionPooling(3, SHAPE[:2])(maps, inputs["boxes"])
        extractor = region_feature_extractor(detector, size=3)
        features = extractor(inputs, training=False)
        channels = sum(m.shape[-1] for m in pyramid)
        assert extractor.output_shape == (None, 3 * 3 * channels)
        np.testing.assert_allclose(features, np.reshape(pooled, (4, -1)), atol=1e-5)
        np.testing.assert_allclose(
            extractor.predict(inputs, verbose=0), features, atol=1e-5
        )

    def test_depend_on_the_image_and_on_the_box(self, detector, scenes):
        extractor, inputs = region_feature_extractor(detector), self.inputs(scenes)
        features = np.asarray(extractor(inputs, training=False))
        whole = np.tile(np.array([[0, 0, 96, 64]], "float32"), (4, 1))
        for changed in ({"boxes": whole}, {"image": 1 - inputs["image"]}):
            other = np.asarray(extractor({**inputs, **changed}, training=False))
            difference = np.abs(other[0] - features[0]).max()
            assert difference > 0.01 * np.abs(features[0]).max()

    @pytest.mark.all
    def test_frozen_ones_move_nothing(self, scenes):
        detector = build()
        extractor, inputs = region_feature_extractor(detector), self.inputs(scenes)
        before = values(detector)
        extractor(inputs, training=False)
        extractor.predict(inputs, verbose=0)
        assert_equal(values(detector), before)
        extractor(inputs, training=True)
        now = values(detector)
        # The batch statistics: this is what the two ways above keep from happening.
        assert any((a != b).any() for a, b in zip(before, now, strict=True))
        extractor.trainable = False
        before = values(detector)
        extractor(inputs, training=True)
        assert_equal(values(detector), before)
        assert not extractor.trainable_variables

    @pytest.mark.all
    def test_saved_and_loaded(self, detector, scenes, tmp_path):
        extractor, inputs = region_feature_extractor(detector), self.inputs(scenes)
        extractor.save(tmp_path / "features.keras")
        again = keras.saving.load_model(tmp_path / "features.keras")
        np.testing.assert_array_equal(
            again.predict(inputs, verbose=0), extractor.predict(inputs, verbose=0)
        )

    def test_of_what_is_no_detector(self):
        model = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()])
        with pytest.raises(ValueError, match="`detector` must be a `YOLOV8Detector`"):
            region_feature_extractor(model)
        with pytest.raises(ValueError, match=r"`detector` must be .*detector=None"):
            region_feature_extractor(None)

    def test_of_images_of_any_size(self):
        import keras_cv

        backbone = keras_cv.models.YOLOV8Backbone(
            stackwise_channels=list(WIDTHS),
            stackwise_depth=[1, 1, 1, 1],
            include_rescaling=False,
            input_shape=(None, None, 3),
        )
        detector = keras_cv.models.YOLOV8Detector(backbone, 3, "xyxy", fpn_depth=1)
        with pytest.raises(ValueError, match=r"`detector` must take .* a fixed size"):
            region_feature_extractor(detector)

    def test_bad_size(self, detector):
        with pytest.raises(ValueError, match="`size` must be a positive integer"):
            region_feature_extractor(detector, size=0)
