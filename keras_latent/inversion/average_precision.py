"""How well detected boxes find the true ones."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_latent.kinds import as_numeric_array, checked_list
from keras_latent.metrics.score import Score
from keras_latent.validation import check_in_range

_PADDING = -1.0


def average_precision(
    boxes: Sequence[Any] | np.ndarray,
    scores: Sequence[Any] | np.ndarray,
    true_boxes: Sequence[Any] | np.ndarray,
    classes: Sequence[Any] | np.ndarray | None = None,
    true_classes: Sequence[Any] | np.ndarray | None = None,
    iou_threshold: float = 0.5,
) -> Score:
    """Average precision of detections, by the rules of PASCAL VOC.

    Over all images, detections are gone through from the highest score down. One is
    right if its intersection over union with the true box that it overlaps most, among
    those of its image (and its class), is at least `iou_threshold`, and no detection
    found that box before. The average precision is the area under precision against
    recall, where the precision at a recall is the best one at that recall or above.

    Args:
        boxes: For each image, its detected boxes, of shape (detections, 4): two
            corners, (left, top, right, bottom) or (top, left, bottom, right). Rows of
            four -1 are padding and left out, as keras-cv has it.
        scores: For each image, the confidences, of shape (detections,).
        true_boxes: For each image, its true boxes, as `boxes` are given.
        classes: For each image, the classes of the detections, of shape (detections,).
            Defaults to `None`: boxes alone count.
        true_classes: For each image, the classes of the true boxes. Defaults to `None`.
        iou_threshold: The smallest intersection over union that counts, in [0, 1].
            Defaults to 0.5.

    Returns:
        The average precision in [0, 1]; with classes the mean over those that have a
        true box, each by itself in `protocol["by_class"]`.

    Raises:
        ValueError: If the numbers of images or of rows differ, there is no true box, a
            box isn't two corners in order, a number isn't finite, or one of the two
            `classes` is missing.

    Source: Everingham et al. 2015, "The PASCAL visual object classes challenge: a
    retrospective", section 2.2.

    >>> boxes = [[[0, 0, 2, 2], [5, 5, 9, 9]]]
    >>> float(average_precision(boxes, [[0.9, 0.8]], [[[0, 0, 2, 2]]]))
    1.0
    >>> float(average_precision(boxes, [[0.8, 0.9]], [[[0, 0, 2, 2]]]))
    0.5
    """
    check_in_range("iou_threshold", iou_threshold, 0, 1)
    if (classes is None) != (true_classes is None):
        missing = "classes" if classes is None else "true_classes"
        raise ValueError(
            f"`{missing}` must be given where the other classes are. "
            f"Received: {missing}=None"
        )
    boxes = checked_list("boxes", boxes, "arrays")
    true_boxes = checked_list("true_boxes", true_boxes, "arrays")
    scores = checked_list("scores", scores, "arrays")
    detected = _boxes("boxes", boxes, len(true_boxes), scores=scores, classes=classes)
    true = _boxes("true_boxes", true_boxes, len(boxes), true_classes=true_classes)
    if not len(true.corners):
        raise ValueError("`true_boxes` must hold at least one box. Received: none")
    protocol: dict[str, Any] = {
        "measure": "area under the precision envelope, all points",
        "iou_threshold": iou_threshold,
        "matching": "by score, to the most overlapped box, each box once",
        "ties": "in the order given",
        "classes": "ignored" if classes is None else "mean over the true classes",
        "n_images": len(true_boxes),
        "n_boxes": len(true.corners),
    }
    if classes is None:
        return Score(_of_one_class(detected, true, iou_threshold), protocol)
    by_class = {
        label: _of_one_class(
            detected.only(detected.columns["classes"] == label),
            true.only(true.columns["true_classes"] == label),
            iou_threshold,
        )
        for label in np.unique(true.columns["true_classes"]).tolist()
    }
    protocol["by_class"] = by_class
    return Score(float(np.mean(list(by_class.values()))), protocol)


class _Boxes(NamedTuple):
    """The boxes of all images together.

    Args:
        corners: Array of shape (count, 4).
        images: The index of the image of each box, of shape (count,).
        columns: What else is known of each box, of shape (count,), by name.
    """

    corners: np.ndarray
    images: np.ndarray
    columns: dict[str, np.ndarray]

    def only(self, kept: np.ndarray) -> "_Boxes":
        """Those boxes that are kept, given a boolean for each."""
        columns = {name: column[kept] for name, column in self.columns.items()}
        return _Boxes(self.corners[kept], self.images[kept], columns)


def _boxes(argument: str, boxes: Any, images: int, **columns: Any) -> _Boxes:
    """Put the boxes of all images together, with their columns, without padding."""
    given = {
        name: checked_list(name, column, "arrays")
        for name, column in columns.items()
        if column is not None
    }
    for name, values in {argument: boxes, **given}.items():
        if len(values) != images:
            raise ValueError(
                f"`{name}` must hold one array for each of the {images} images. "
                f"Received: {name} of length {len(values)}"
            )
    arrays = [_corners(argument, rows) for rows in boxes]
    counts = [len(rows) for rows in arrays]
    flat = {}
    for name, values in given.items():
        flat_values = [as_numeric_array(name, row).reshape(-1) for row in values]
        if [len(row) for row in flat_values] != counts:
            raise ValueError(
                f"`{name}` must hold one number for each box of `{argument}`. "
                f"Received: {name} and {argument} of different lengths"
            )
        flat[name] = np.concatenate(flat_values) if flat_values else np.empty(0)
    corners = np.concatenate(arrays) if arrays else np.empty((0, 4))
    together = _Boxes(corners, np.repeat(np.arange(images), counts), flat)
    together = together.only((corners != _PADDING).any(axis=1))
    for name, array in {argument: together.corners, **together.columns}.items():
        bad = np.count_nonzero(~np.isfinite(array))
        if bad:
            raise ValueError(
                f"`{name}` must be finite. Received: {name} with {bad} values that "
                "aren't"
            )
    in_order = (together.corners[:, :2] <= together.corners[:, 2:]).all(axis=1)
    if not in_order.all():
        first = together.corners[np.argmin(in_order)].tolist()
        raise ValueError(
            f"`{argument}` must be two corners, the smaller coordinates first. "
            f"Received: {argument} with {first}"
        )
    return together


def _corners(argument: str, boxes: Any) -> np.ndarray:
    """The boxes of one image, float64 of shape (count, 4)."""
    array = as_numeric_array(argument, boxes).astype("float64")
    if array.size and array.shape[-1:] != (4,):
        raise ValueError(
            f"`{argument}` must hold an array of shape (count, 4) for each image. "
            f"Received: {argument} with one of shape {array.shape}"
        )
    return array.reshape(-1, 4)


def _of_one_class(detected: _Boxes, true: _Boxes, iou_threshold: float) -> float:
    order = np.argsort(-detected.columns["scores"], kind="stable")
    is_found = np.zeros(len(true.corners), bool)
    is_right = np.zeros(len(order), bool)
    for rank, index in enumerate(order):
        candidates = np.flatnonzero(true.images == detected.images[index])
        if not len(candidates):
            continue
        overlaps = _overlaps(detected.corners[index], true.corners[candidates])
        best = candidates[np.argmax(overlaps)]
        if overlaps.max() >= iou_threshold and not is_found[best]:
            is_found[best] = is_right[rank] = True
    precision = np.cumsum(is_right) / np.arange(1, len(order) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    # Recall rises by one box at each right detection.
    return float(envelope[is_right].sum() / len(true.corners))


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with others, of shape (count,)."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + areas - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
