"""Labels as texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def label_names(labels: Any, class_names: Sequence[str] | None = None) -> list[str]:
    """The text of each label: its class's name, or the label itself.

    Args:
        labels: Array-like of shape (count,); indices of classes, if these have names.
        class_names: The name of each class. Defaults to `None`.

    Returns:
        As many texts as labels.

    Raises:
        ValueError: If a label is not the index of a name.

    >>> label_names([1, 0, 1], ["cat", "dog"])
    ['dog', 'cat', 'dog']
    >>> label_names(["cat", b"dog"])
    ['cat', 'dog']
    """
    # A Python list of texts and bytes would lose what is what in an array of its own.
    labels = labels if isinstance(labels, list) else np.asarray(labels)
    if class_names is None:
        return [
            label.decode() if isinstance(label, bytes) else str(label)
            for label in labels
        ]
    indices = np.asarray(labels)
    is_index = np.issubdtype(indices.dtype, np.integer)
    if not is_index or not ((indices >= 0) & (indices < len(class_names))).all():
        raise ValueError(
            "`labels` must be indices of `class_names`, integers below "
            f"{len(class_names)}. Received: labels with the values "
            f"{sorted(set(label_names(labels)))[:10]}"
        )
    return [class_names[index] for index in indices.tolist()]
