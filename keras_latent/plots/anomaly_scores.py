"""Scores of anomalies: how they are distributed, and how well they separate."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_latent.metrics.anomaly import auroc
from keras_latent.plots.style import TRAIN_COLOUR, VALIDATION_COLOUR, styled

_BINS = 60


@styled
def anomaly_scores(
    scores: Any, is_anomalous: Any = None, threshold: float | None = None
) -> Any:
    """Draw how the scores of examples are distributed.

    Args:
        scores: Array of shape (count,), higher for what is more anomalous.
        is_anomalous: Booleans of shape (count,). Defaults to `None`: not known.
        threshold: The score above which an example is called anomalous, a vertical
            line. Defaults to `None`: none.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there is no score, one isn't finite, or `is_anomalous` has
            another shape.

    >>> figure = anomaly_scores([0.1, 0.2, 0.9], [False, False, True])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['normal (2)', 'anomalous (1)']
    """
    from matplotlib.figure import Figure

    values = np.asarray(scores, "float64")
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(
            "`scores` must hold finite numbers, of shape (count,). "
            f"Received: scores of shape {values.shape}"
        )
    groups = {"": values}
    if is_anomalous is not None:
        chosen = np.asarray(is_anomalous, bool)
        if chosen.shape != values.shape:
            raise ValueError(
                f"`is_anomalous` must have the shape of the scores, {values.shape}. "
                f"Received: is_anomalous of shape {chosen.shape}"
            )
        groups = {"normal": values[~chosen], "anomalous": values[chosen]}
    figure = Figure(figsize=(7.0, 3.2), layout="constrained")
    axes = figure.add_subplot()
    edges = np.histogram_bin_edges(values, _BINS).tolist()
    colours = (TRAIN_COLOUR, VALIDATION_COLOUR)
    for (name, group), colour in zip(groups.items(), colours, strict=False):
        label = f"{name} ({len(group)})" if name else None
        axes.hist(group, edges, color=colour, alpha=0.7, label=label)
    if threshold is not None:
        axes.axvline(threshold, color="0.3", linestyle="--", label="threshold")
    axes.set(xlabel="score", ylabel="examples")
    if len(groups) > 1 or threshold is not None:
        axes.legend()
    return figure


@styled
def roc_curves(scores: Mapping[str, Any], is_anomalous: Any) -> Any:
    """Draw receiver operating characteristics: alarms that are right over false ones.

    Args:
        scores: Name of a score → its values, of shape (count,), higher for what is more
            anomalous.
        is_anomalous: Booleans of shape (count,), of both kinds.

    Returns:
        A matplotlib `Figure`, the area below each curve in its legend.

    Raises:
        ValueError: If one kind is missing, or a score isn't finite.

    >>> figure = roc_curves({"error": [0.1, 0.4, 0.9]}, [False, False, True])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['error: 1.000']
    """
    from matplotlib.figure import Figure
    from sklearn.metrics import roc_curve

    chosen = np.asarray(is_anomalous, bool)
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for name, given in scores.items():
        values = np.asarray(given)
        area = auroc(values[~chosen], values[chosen]).value
        false_alarms, right_alarms, _ = roc_curve(chosen, values)
        axes.plot(false_alarms, right_alarms, label=f"{name}: {area:.3f}")
    axes.plot([0, 1], [0, 1], color="0.75", linewidth=1, linestyle="--")
    axes.set(
        xlabel="share of the normal that is called anomalous",
        ylabel="share of the anomalous that is found",
        aspect="equal",
    )
    axes.legend(loc="lower right")
    return figure
