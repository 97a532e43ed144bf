"""Codes with their labels, checked: what the classifying metrics take."""

from typing import Any, NamedTuple

import numpy as np

from keras_latent.latent_space.codes import as_vectors


class LabelledCodes(NamedTuple):
    """Codes of shape (count, latent_dim) and their labels of shape (count,)."""

    codes: np.ndarray
    labels: np.ndarray


def labelled_codes(codes: Any, labels: Any, split: str | None = None) -> LabelledCodes:
    """Check codes and their labels.

    Args:
        codes: Array-like of shape (count, latent_dim).
        labels: Array-like of shape (count,): the classes.
        split: `"train"` or `"test"` where there are two sets, for the messages.
            Defaults to `None`.

    Returns:
        Both as arrays.

    Raises:
        ValueError: If a shape is wrong or a code isn't finite.
    """
    prefix = f"{split}_" if split else ""
    codes, labels = as_vectors(f"{prefix}codes", codes), np.asarray(labels)
    if labels.shape != codes.shape[:1]:
        raise ValueError(
            f"`{prefix}labels` must hold one label for each of the {len(codes)} codes. "
            f"Received: {prefix}labels of shape {labels.shape}"
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
