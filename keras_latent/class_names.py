"""Labels as texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.kinds import as_array, checked_labels, checked_list


def label_names(labels: Any, class_names: Sequence[str] | None = None) -> list[str]:
    """The text of each label: its class's name, or the label itself.

    Args:
        labels: Array-like of shape (count,); indices of classes, if these have names.
        class_names: The name of each class. Defaults to `None`.

    Returns:
        As many texts as labels.

    Raises:
        ValueError: If a label is not the index of a name, or there is no list of them.

    >>> label_names([1, 0, 1], ["cat", "dog"])
    ['dog', 'cat', 'dog']
    >>> label_names(["cat", b"dog"])
    ['cat', 'dog']
    >>> label_names([], ["cat", "dog"])
    []
    """
    # A Python list of texts and bytes would lose what is what in an array of its own.
    if not isinstance(labels, list):
        labels = checked_list("labels", as_array("labels", labels), "classes")
    if class_names is None:
        return [
            label.decode() if isinstance(label, bytes) else str(label)
            for label in labels
        ]
    class_names = checked_labels("class_names", class_names)
    indices = as_array("labels", labels)
    # An array of nothing is one of floats.
    is_index = not indices.size or np.issubdtype(indices.dtype, np.integer)
    if not is_index or not ((indices >= 0) & (indices < len(class_names))).all():
        raise ValueError(
            "`labels` must be indices of `class_names`, integers below "
            f"{len(class_names)}. Received: labels with the values "
            f"{sorted(set(label_names(labels)))[:10]}"
        )
    return [class_names[index] for index in indices.tolist()]
