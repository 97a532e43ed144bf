"""Points coloured by their labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.class_names import label_names
from keras_latent.plots.style import CLASS_COLOURS, TRAIN_COLOUR


class LabelColours:
    """A colour for each point by its label, and what says which is which.

    Args:
        labels: Array of shape (count,): classes or numbers; `None` for one colour.
        class_names: The names of the classes that `labels` are the indices of, or
            `None`.

    Raises:
        ValueError: If a label is not the index of a name.
    """

    def __init__(
        self, labels: np.ndarray | None, class_names: Sequence[str] | None
    ) -> None:
        self.labels = labels
        if labels is None:
            return
        classes, self._indices = np.unique(labels, return_inverse=True)
        self._names = label_names(classes, class_names)
        self._is_categorical = len(classes) <= len(CLASS_COLOURS)
        is_named = class_names is not None
        self._is_numeric = labels.dtype.kind in "iuf" and not is_named

    def colours(self, count: int) -> np.ndarray:
        """RGBA of each of the points, of shape (count, 4)."""
        from matplotlib.colors import to_rgba_array

        if self.labels is None:
            return to_rgba_array([TRAIN_COLOUR] * count)
        if self._is_categorical:
            return to_rgba_array(CLASS_COLOURS)[self._indices]
        return self._scale().to_rgba(self._values())

    def explain(self, figure: Any, axes: Any) -> None:
        """Add the legend or the bar, if there is something to explain."""
        from matplotlib.lines import Line2D

        if self.labels is None:
            return
        if self._is_categorical:
            handles = [
                Line2D([], [], marker="o", linestyle="", markersize=7, color=colour)
                for colour in CLASS_COLOURS[: len(self._names)]
            ]
            figure.legend(handles, self._names, loc="outside right upper")
        elif self._is_numeric:
            figure.colorbar(self._scale(), ax=axes, shrink=0.6, label="label")

    def _values(self) -> np.ndarray:
        values = self.labels if self._is_numeric else self._indices
        return np.asarray(values, "float64")

    def _scale(self) -> Any:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        values = self._values()
        return ScalarMappable(Normalize(values.min(), values.max()), "viridis")
