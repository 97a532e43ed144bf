"""Codes with their labels, checked: what the classifying metrics take."""

from typing import Any, NamedTuple

import numpy as np

from keras_latent.kinds import as_array
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
    codes = as_vectors(f"{prefix}codes", codes)
    labels = as_array(f"{prefix}labels", labels)
    if labels.shape != codes.shape[:1]:
        raise ValueError(
            f"`{prefix}labels` must hold one label for each of the {len(codes)} codes. "
            f"Received: {prefix}labels of shape {labels.shape}"
        )
    return LabelledCodes(codes, as_classes(f"{prefix}labels", labels))


def as_classes(argument: str, labels: Any) -> np.ndarray:
    """Take labels as an array of classes: whole numbers, truth values or texts.

    Args:
        argument: The argument's name, for the message.
        labels: Array-like of shape (count,).

    Returns:
        The array.

    Raises:
        ValueError: If there is none, the shape is another, or labels are no classes.

    >>> as_classes("labels", [0.5, 1.0])
    Traceback (most recent call last):
    ...
    ValueError: `labels` must be classes: whole numbers, or texts. Received: labels with
    0.5
    """
    labels = as_array(argument, labels)
    if labels.ndim != 1 or not len(labels):
        raise ValueError(
            f"`{argument}` must hold at least one label, of shape (count,). "
            f"Received: {argument} of shape {labels.shape}"
        )
    kind, wrong = labels.dtype.kind, np.zeros(len(labels), bool)
    if kind == "f":
        # Comparisons with NaN are false.
        wrong = ~(labels == np.round(labels)) | np.isinf(labels)
    elif kind == "O":
        wrong = np.array([not isinstance(label, str | bytes) for label in labels])
    elif kind not in "biuSU":
        wrong[:] = True
    if wrong.any():
        raise ValueError(
            f"`{argument}` must be classes: whole numbers, or texts. "
            f"Received: {argument} with {labels[wrong][:1].tolist()[0]!r}"
        )
    return labels


def check_same_kind(train: np.ndarray, test: np.ndarray) -> None:
    """Refuse numbers beside texts, of which none could ever be another.

    Args:
        train: Classes of shape (n_train,).
        test: Classes of shape (n_test,).

    Raises:
        ValueError: If one holds texts, and the other numbers.
    """
    if (train.dtype.kind in "biuf") != (test.dtype.kind in "biuf"):
        raise ValueError(
            "`test_labels` must be of the kind of `train_labels`, numbers or texts. "
            f"Received: test_labels of dtype {test.dtype}, train_labels of dtype "
            f"{train.dtype}"
        )


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
