"""Codes with their labels, checked: what the classifying metrics take."""

from typing import Any, NamedTuple

import numpy as np


class LabelledCodes(NamedTuple):
    """Codes of shape (count, latent_dim) and their labels of shape (count,)."""

    codes: np.ndarray
    labels: np.ndarray


def labelled_codes(split: str, codes: Any, labels: Any) -> LabelledCodes:
    """Check the codes and labels of one split.

    Args:
        split: `"train"` or `"test"`, for the messages.
        codes: Array-like of shape (count, latent_dim).
        labels: Array-like of shape (count,): the classes.

    Returns:
        Both as arrays.

    Raises:
        ValueError: If a shape is wrong or a code isn't finite.
    """
    codes, labels = np.asarray(codes), np.asarray(labels)
    if codes.ndim != 2:
        raise ValueError(
            f"`{split}_codes` must have the shape (count, latent_dim). "
            f"Received: {split}_codes of shape {codes.shape}"
        )
    if labels.shape != codes.shape[:1]:
        raise ValueError(
            f"`{split}_labels` must hold one label for each of the {len(codes)} codes. "
            f"Received: {split}_labels of shape {labels.shape}"
        )
    if not np.isfinite(codes).all():
        raise ValueError(
            f"`{split}_codes` must be finite. Received: {split}_codes with "
            f"{np.count_nonzero(~np.isfinite(codes))} values that are not"
        )
    return LabelledCodes(codes, labels)


def check_several_classes(labels: np.ndarray) -> None:
    """Refuse training labels of one class, from which nothing can be learned.

    Raises:
        ValueError: If there are fewer than two classes.
    """
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(
            "`train_labels` must hold at least two classes. "
            f"Received: train_labels with the classes {classes.tolist()}"
        )
