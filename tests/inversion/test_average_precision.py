import numpy as np
import pytest

from keras_latent.metrics import average_precision

A, B, C = [0, 0, 10, 10], [20, 20, 30, 30], [40, 0, 50, 10]
FAR = [80, 80, 90, 90]
PADDING = [-1, -1, -1, -1]


def score(boxes, scores, true, **arguments):
    """Of one image."""
    return float(average_precision([boxes], [scores], [true], **arguments))


@pytest.mark.parametrize(
    ("boxes", "scores", "expected"),
    [
        ([A, B], [0.9, 0.8], 1),
        ([B, A], [0.1, 0.2], 1),
        ([A], [0.9], 1 / 2),
        ([A, FAR, B], [0.9, 0.8, 0.7], 1 / 2 * (1 + 2 / 3)),
        ([FAR, A, B], [0.9, 0.8, 0.7], 2 / 3),  # precision 1/2, then 2/3: the best
        ([A, B, FAR], [0.9, 0.8, 0.7], 1),  # after the last one is found
        ([A, A, B], [0.9, 0.8, 0.7], 1 / 2 * (1 + 2 / 3)),  # found before
        ([FAR], [0.9], 0),
        ([], [], 0),
        ([A, FAR, B], [0.9, 0.9, 0.9], 1 / 2 * (1 + 2 / 3)),  # ties as given
    ],
)
def test_of_two_boxes(boxes, scores, expected):
    assert score(boxes, scores, [A, B]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("box", "overlap"),
    [
        ([0, 0, 10, 10], 1),
        ([0, 0, 10, 5], 0.5),
        ([5, 0, 15, 10], 1 / 3),
        ([5, 5, 15, 15], 25 / 175),
        ([10, 0, 20, 10], 0),
        ([2, 2, 4, 4], 0.04),
        ([3, 3, 3, 3], 0),
    ],
)
def test_intersection_over_union_decides(box, overlap):
    threshold = overlap - 1e-6 if overlap else 0
    assert score([box], [1], [A], iou_threshold=threshold) == 1
    assert score([box], [1], [A], iou_threshold=min(overlap + 1e-6, 1)) == (
        overlap == 1
    )


def test_half_is_enough():
    assert score([[0, 0, 10, 5]], [1], [A]) == 1
    assert score([[0, 0, 10, 4.99]], [1], [A]) == 0


def test_a_detection_belongs_to_the_box_that_it_overlaps_most():
    # The second one overlaps both enough, and the first one's box more: as VOC has it,
    # it isn't given to the other.
    true = [[0, 0, 10, 10], [0, 2, 10, 12]]
    boxes = [[0, 0, 10, 10], [0, 0.5, 10, 10.5]]
    assert score(boxes, [0.9, 0.8], true) == 1 / 2


def test_the_order_is_that_of_all_images_together():
    boxes, scores = [[A], [FAR, B], []], [[0.5], [0.7, 0.3], []]
    true = [[A], [B], [C]]
    # Wrong, right, right, of three boxes: 1/2, then 2/3.
    together = average_precision(boxes, scores, true)
    assert float(together) == pytest.approx(2 / 3 * 2 / 3)
    assert together.protocol["n_images"] == 3
    assert together.protocol["n_boxes"] == 3


def test_a_box_of_another_image_is_not_found():
    found = average_precision([[B], [A]], [[0.9], [0.9]], [[A], [B]])
    assert float(found) == 0


def test_padding_is_left_out():
    true = np.array([[A, B, PADDING], [C, PADDING, PADDING]], "float32")
    boxes = np.array([[A, B, PADDING], [FAR, C, PADDING]], "float32")
    scores = np.array([[0.9, 0.8, -1], [0.5, 0.4, -1]], "float32")
    padded = average_precision(boxes, scores, true)
    assert padded.protocol["n_boxes"] == 3
    assert float(padded) == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_with_classes_it_is_their_mean():
    true, true_classes = [[A, B, C, PADDING]], [[0, 0, 4, -1]]
    boxes, scores = [[A, B, C, FAR]], [[0.9, 0.8, 0.7, 0.6]]
    # B is found as another class; no box is of class 7.
    arguments = {"classes": [[0, 4, 4, 7]], "true_classes": true_classes}
    found = average_precision(boxes, scores, true, **arguments)
    assert found.protocol["by_class"] == {0: 1 / 2, 4: 1 / 2}
    assert float(found) == 1 / 2
    assert float(average_precision(boxes, scores, true)) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scores": [[0.9]]}, "`scores` must hold one number for each box of `boxes`"),
        ({"scores": [[0.9, 0.8]] * 2}, "`scores` must hold .* each of the 1 images"),
        ({"boxes": [[A, B]] * 2}, "`boxes` must hold .* the 1 images.*length 2"),
        ({"true_boxes": [[PADDING]]}, "`true_boxes` must hold at least one box"),
        ({"boxes": [[A, [5, 5, 4, 9]]]}, r"`boxes` must be two corners.*\[5\.0, 5\.0"),
        ({"true_boxes": [[[5, 5, 9, 4]]]}, "`true_boxes` must be two corners"),
        ({"boxes": [[A, [0, 0, np.nan, 1]]]}, "`boxes` must be finite.* 1 values"),
        ({"scores": [[np.nan, 0.8]]}, "`scores` must be finite.* 1 values"),
        ({"classes": [[0, 1]]}, "`true_classes` must be given"),
        ({"true_classes": [[0]]}, "`classes` must be given"),
        ({"iou_threshold": 1.1}, r"`iou_threshold` must be a number in \[0, 1\]"),
    ],
)
def test_bad_input(changes, message):
    arguments = {"boxes": [[A, B]], "scores": [[0.9, 0.8]], "true_boxes": [[A]]}
    with pytest.raises(ValueError, match=message):
        average_precision(**{**arguments, **changes})
