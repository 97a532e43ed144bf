"""Points coloured by their labels."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from keras_latent.class_names import label_names
from keras_latent.plots.class_colours import (
    CLASS_COLOURS,
    MARKERS,
    MOST_CLASSES,
    class_colours,
)
from keras_latent.plots.style import TRAIN_COLOUR

_INCHES_OF_A_NAME = 0.24


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
        is_named = class_names is not None
        self._is_numeric = labels.dtype.kind in "iuf" and not is_named
        most = len(CLASS_COLOURS) if self._is_numeric else MOST_CLASSES
        self._is_categorical = len(classes) <= most

    def colours(self, count: int) -> np.ndarray:
        """RGBA of each of the points, of shape (count, 4)."""
        from matplotlib.colors import to_rgba_array

        if self.labels is None:
            return to_rgba_array([TRAIN_COLOUR] * count)
        if self._is_categorical or not self._is_numeric:
            return to_rgba_array(class_colours(len(self._names)))[self._indices]
        return self._scale().to_rgba(np.asarray(self.labels, "float64"))

    def markers(self, count: int) -> Iterator[tuple[str, np.ndarray]]:
        """The markers, each with the indices of its points, of which there are some."""
        rounds = np.zeros(count, int)
        if self.labels is not None and self._is_categorical:
            rounds = self._indices // len(CLASS_COLOURS)
        for number in np.unique(rounds):
            yield MARKERS[number], np.flatnonzero(rounds == number)

    def explain(self, figure: Any, axes: Any) -> None:
        """Add the legend or the bar, if there is something to explain."""
        from matplotlib.lines import Line2D

        if self.labels is None:
            return
        if self._is_categorical:
            handles = [
                Line2D(
                    [],
                    [],
                    marker=MARKERS[place // len(CLASS_COLOURS)],
                    linestyle="",
                    markersize=7,
                    color=colour,
                )
                for place, colour in enumerate(class_colours(len(self._names)))
            ]
            height = _INCHES_OF_A_NAME * len(handles)
            columns = math.ceil(height / figure.get_size_inches()[1])
            figure.legend(
                handles, self._names, loc="outside right upper", ncols=columns
            )
        elif self._is_numeric:
            figure.colorbar(self._scale(), ax=axes, shrink=0.6, label="label")

    def _scale(self) -> Any:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        values = np.asarray(self.labels, "float64")
        return ScalarMappable(Normalize(values.min(), values.max()), "viridis")
