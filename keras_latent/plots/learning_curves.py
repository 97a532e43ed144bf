"""How the terms of the loss moved during the training."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_latent.kinds import check_mapping, received
from keras_latent.plots.style import TRAIN_COLOUR, VALIDATION_COLOUR, styled

_VALIDATION = "val_"


@styled
def learning_curves(
    history: Mapping[str, Sequence[float]] | keras.callbacks.History,
) -> Any:
    """Draw each log over the epochs, the loss first, validation beside training.

    A panel is logarithmic if its values are positive and span more than a factor of
    20.

    Args:
        history: What `fit` gives, or a dict of the name of each log → its value in each
            epoch, as in `History.history`; `val_` before a name marks validation. An
            entry `epoch` numbers the epochs; they count from 1 without. NaN where there
            is no value.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there are no logs, of unequal numbers of epochs, or of what are
            no numbers.

    >>> figure = learning_curves({"loss": [3.0, 2.0], "val_loss": [3.1, 2.2]})
    >>> [axes.get_title("left") for axes in figure.axes]
    ['loss']
    """
    from keras_latent.plots.figure import new_figure

    if isinstance(history, keras.callbacks.History):
        history = history.history
    check_mapping("history", history, "logs by name, or what `fit` gives")
    numbers = {name: _as_numbers(name, values) for name, values in history.items()}
    curves = {name: values for name, values in numbers.items() if name != "epoch"}
    lengths = {name: len(values) for name, values in curves.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(
            "`history` must hold logs of equal numbers of epochs. "
            f"Received: history with {lengths}"
        )
    count = next(iter(lengths.values()))
    epochs = numbers.get("epoch", np.arange(1.0, 1.0 + count))
    if len(epochs) != count:
        raise ValueError(
            f"`history['epoch']` must number the {count} epochs. "
            f"Received: history['epoch'] of length {len(epochs)}"
        )
    names = list(dict.fromkeys(name.removeprefix(_VALIDATION) for name in curves))
    names.sort(key=lambda name: name != "loss")

    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure = new_figure(3.6 * columns, 2.6 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, name in zip(panels, names, strict=False):
        _draw_panel(axes, name, epochs, curves)
    for axes in panels[len(names) :]:
        axes.remove()
    for axes in figure.axes[-columns:]:
        axes.set_xlabel("epoch")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _as_numbers(name: str, values: Any) -> np.ndarray:
    """The values of one log, which may be texts, as they are in a CSV file."""
    try:
        numbers = np.asarray(values, "float64")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`history` must hold numbers. "
            f"Received: {received(f'history[{name!r}]', values)}"
        ) from error
    if numbers.ndim != 1 or not isinstance(name, str):
        raise ValueError(
            "`history` must hold one number for each epoch, by the name of the log. "
            f"Received: history[{name!r}] of shape {numbers.shape}"
        )
    return numbers


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
