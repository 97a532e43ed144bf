"""How the terms of the loss moved during the training."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_latent.plots.style import TRAIN_COLOUR, VALIDATION_COLOUR, styled

_VALIDATION = "val_"


@styled
def learning_curves(history: Mapping[str, Sequence[float]]) -> Any:
    """Draw each log over the epochs, the loss first, validation beside training.

    A panel is logarithmic if its values are positive and span more than a factor of
    20.

    Args:
        history: Name of the log → its value in each epoch, as in `History.history`;
            `val_` before a name marks validation. An entry `epoch` numbers the epochs;
            they count from 1 without. NaN where there is no value.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there are no logs, or of unequal numbers of epochs.

    >>> figure = learning_curves({"loss": [3.0, 2.0], "val_loss": [3.1, 2.2]})
    >>> [axes.get_title("left") for axes in figure.axes]
    ['loss']
    """
    from matplotlib.figure import Figure

    curves = {
        name: np.asarray(values, "float64")
        for name, values in history.items()
        if name != "epoch"
    }
    lengths = {name: len(values) for name, values in curves.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(
            "`history` must hold logs of equal numbers of epochs. "
            f"Received: history with {lengths}"
        )
    epochs = history.get("epoch", range(1, 1 + next(iter(lengths.values()))))
    names = list(dict.fromkeys(name.removeprefix(_VALIDATION) for name in curves))
    names.sort(key=lambda name: name != "loss")

    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(3.6 * columns, 2.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, name in zip(panels, names, strict=False):
        _draw_panel(axes, name, np.asarray(epochs, "float64"), curves)
    for axes in panels[len(names) :]:
        axes.remove()
    for axes in figure.axes[-columns:]:
        axes.set_xlabel("epoch")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _draw_panel(
    axes: Any, name: str, epochs: np.ndarray, curves: Mapping[str, np.ndarray]
) -> None:
    """Draw one log and its validation."""
    from matplotlib.ticker import MaxNLocator

    drawn = []
    for label, key, colour in (
        ("training", name, TRAIN_COLOUR),
        ("validation", _VALIDATION + name, VALIDATION_COLOUR),
    ):
        if key in curves:
            known = np.isfinite(curves[key])
            values = curves[key][known]
            axes.plot(epochs[known], values, color=colour, label=label, marker=".")
            drawn.append(values)
    values = np.concatenate(drawn)
    if values.size and 0 < 20 * values.min() < values.max():
        axes.set_yscale("log")
    axes.set_title(name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
