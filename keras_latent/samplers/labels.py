"""The labels that steer samplers: classes, and -1 where there is none."""

from typing import Any

import numpy as np

MISSING = -1
"""The label of what isn't labelled."""


def as_labels(labels: Any, count: int) -> np.ndarray:
    """Labels as an array, checked.

    Raises:
        ValueError: If they aren't integers of at least -1, of shape (count,).
    """
    array = np.asarray(labels)
    if array.shape != (count,) or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"`labels` must be integers of shape ({count},). Received: labels of shape "
            f"{array.shape} and dtype {array.dtype}"
        )
    if count and array.min() < MISSING:
        raise ValueError(
            "`labels` must be classes from 0, or -1 where there is none. "
            f"Received: labels with the value {array.min()}"
        )
    return array


def classes_of(labels: np.ndarray | None) -> np.ndarray:
    """The classes among labels, in their order."""
    found = np.unique([] if labels is None else labels).astype(int)
    return found[found != MISSING]


def class_numbers(
    labels: np.ndarray | None, classes: np.ndarray, count: int
) -> np.ndarray:
    """Labels as a network counts them: the last number stands for none.

    Args:
        labels: Integers of shape (count,), or `None`.
        classes: What `classes_of` gave.
        count: Number of labels.

    >>> class_numbers(np.array([7, -1, 3]), np.array([3, 7]), 3)
    array([1, 2, 0], dtype=int32)
    """
    if labels is None:
        return np.full(count, len(classes), "int32")
    numbers = np.searchsorted(classes, labels)
    return np.where(labels == MISSING, len(classes), numbers).astype("int32")


def check_seen(labels: np.ndarray, classes: np.ndarray | None) -> None:
    """Refuse labels that weren't among those of the fit.

    Raises:
        ValueError: If one wasn't, or there were none.
    """
    if classes is None:
        raise ValueError(
            "`labels` need a sampler that was fitted with labels. "
            "Received: labels for one that was fitted without"
        )
    unseen = sorted(set(labels.tolist()) - {*classes.tolist(), MISSING})
    if unseen:
        raise ValueError(
            f"`labels` must be among those of the fit, {classes.tolist()}. "
            f"Received: labels with the values {unseen}"
        )
