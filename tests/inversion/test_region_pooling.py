import keras
import numpy as np
import pytest

from keras_latent.inversion.region_pooling import check_boxes
from keras_latent.layers import RegionPooling

IMAGE = (40, 64)
BOXES = [[0.0, 0, 64, 40], [3.3, 5.1, 20.7, 33.9], [60, 1, 63.5, 2], [0, 30, 9, 40]]


def maps():
    random = np.random.default_rng(0)
    shapes = [(10, 16, 3), (5, 8, 2), (1, 2, 4)]
    return [random.normal(size=(len(BOXES), *s)).astype("float32") for s in shapes]


def at(features, y, x):
    """A map's value at a point in its own cells, bilinear, constant beyond."""
    height, width, _ = features.shape
    y, x = np.clip(y - 0.5, 0, height - 1), np.clip(x - 0.5, 0, width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, over = y - top, x - left
    upper = (1 - over) * features[top, left] + over * features[top, right]
    lower = (1 - over) * features[bottom, left] + over * features[bottom, right]
    return (1 - down) * upper + down * lower


def by_loop(features, boxes, size, samples):
    pooled = np.zeros((len(boxes), size, size, features.shape[-1]))
    for index, (left, top, right, bottom) in enumerate(boxes):
        for i, j, k, m in np.ndindex(size, size, samples, samples):
            row = top + (bottom - top) * (i + (k + 0.5) / samples) / size
            column = left + (right - left) * (j + (m + 0.5) / samples) / size
            y = row / IMAGE[0] * features.shape[1]
            x = column / IMAGE[1] * features.shape[2]
            pooled[index, i, j] += at(features[index], y, x) / samples**2
    return pooled


@pytest.mark.parametrize(("size", "samples"), [(1, 1), (2, 2), (3, 1), (2, 5)])
def test_equals_a_loop_over_the_points(size, samples):
    given = maps()
    expected = [by_loop(features, BOXES, size, samples) for features in given]
    pooled = RegionPooling(size, IMAGE, samples)(given, np.array(BOXES, "float32"))
    assert pooled.shape == (4, size, size, 9)
    np.testing.assert_allclose(pooled, np.concatenate(expected, -1), atol=1e-5)


def test_of_a_linear_map_it_is_the_value_at_the_middle():
    columns = np.arange(16) + 0.5
    features = np.tile(columns[None, None, :, None], (1, 10, 1, 1)).astype("float32")
    box = np.array([[10.0, 10, 30, 30]], "float32")
    pooled = RegionPooling(2, IMAGE)([features], box)
    # 4 pixels a cell: the middles of the halves are at 15 and 25.
    np.testing.assert_allclose(pooled[0, :, :, 0], [[3.75, 6.25]] * 2, rtol=1e-6)


def test_gradients_reach_the_maps_and_the_box():
    import tensorflow as tf

    given = [tf.constant(features) for features in maps()]
    boxes = tf.constant(BOXES)
    with tf.GradientTape() as tape:
        tape.watch([*given, boxes])
        total = tf.reduce_sum(RegionPooling(2, IMAGE)(given, boxes))
    *of_maps, of_boxes = tape.gradient(total, [*given, boxes])
    for gradient in of_maps:
        # The weights of the points sum to 1 in each bin.
        np.testing.assert_allclose(tf.reduce_sum(gradient, (1, 2)), 4, rtol=1e-5)
    assert np.abs(of_boxes).max() > 0


def test_half_precision_keeps_the_boxes():
    given = maps()
    exact = RegionPooling(2, IMAGE)(given, np.array(BOXES, "float32"))
    pooled = RegionPooling(2, IMAGE, dtype="mixed_bfloat16")(
        given, np.array(BOXES, "float32")
    )
    assert keras.backend.standardize_dtype(pooled.dtype) == "bfloat16"
    np.testing.assert_allclose(keras.ops.cast(pooled, "float32"), exact, atol=0.05)


def test_saved_in_a_model(tmp_path):
    given, boxes = maps()[:2], np.array(BOXES, "float32")
    inputs = [keras.Input(features.shape[1:]) for features in given]
    box = keras.Input((4,))
    layer = RegionPooling(2, IMAGE, samples=3)
    model = keras.Model([*inputs, box], layer(inputs, box))
    model.save(tmp_path / "pooling.keras")
    again = keras.saving.load_model(tmp_path / "pooling.keras")
    np.testing.assert_array_equal(again([*given, boxes]), model([*given, boxes]))
    config = layer.get_config()
    assert (config["size"], config["image_size"], config["samples"]) == (2, IMAGE, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "`size` must be a positive integer. Received: size=0"),
        ({"samples": 0}, "`samples` must be a positive integer"),
        ({"image_size": 8}, r"`image_size` must be \(height, width\).*image_size=8"),
        ({"image_size": (8, 8, 3)}, r"`image_size` must be \(height, width\)"),
        ({"image_size": (8, 0)}, r"`image_size\[1\]` must be a positive integer"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        RegionPooling(**{"size": 1, "image_size": IMAGE, **arguments})


class TestCheckBoxes:
    @pytest.mark.parametrize("image_shape", [IMAGE, (*IMAGE, 3)])
    def test_boxes_inside_of_the_image(self, image_shape):
        check_boxes(BOXES, image_shape)
        check_boxes(keras.ops.array(BOXES), image_shape)

    @pytest.mark.parametrize(
        "box",
        [
            [5, 5, 5, 9],
            [5, 9, 6, 9],
            [6, 5, 5, 9],
            [-0.1, 0, 4, 4],
            [0, -0.1, 4, 4],
            [0, 0, 64.1, 4],
            [0, 0, 4, 40.1],
            [0, 0, float("nan"), 4],
            [0, 0, float("inf"), 4],
            [-1, -1, -1, -1],
        ],
    )
    def test_names_the_first_bad_one(self, box):
        message = r"0 <= left < right <= 64 and .* <= 40\. Received: boxes\[2\]"
        with pytest.raises(ValueError, match=message):
            check_boxes([*BOXES[:2], box, box], IMAGE)

    @pytest.mark.parametrize("boxes", [[1, 2, 3, 4], [[1, 2, 3]], [BOXES]])
    def test_another_shape(self, boxes):
        message = r"`boxes` must have the shape \(count, 4\).*of shape"
        with pytest.raises(ValueError, match=message):
            check_boxes(boxes, IMAGE)
