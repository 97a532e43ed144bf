"""Scores of anomalies: how they are distributed, and how well they separate."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_latent.kinds import as_numeric_array, check_mapping
from keras_latent.metrics.anomaly import as_scores, auroc
from keras_latent.plots.style import TRAIN_COLOUR, VALIDATION_COLOUR, styled
from keras_latent.validation import check_in_range

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
            another shape or holds what is neither true nor false.

    >>> figure = anomaly_scores([0.1, 0.2, 0.9], [False, False, True])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['normal (2)', 'anomalous (1)']
    """
    from keras_latent.plots.figure import new_figure

    values = as_scores("scores", scores)
    if threshold is not None:
        check_in_range("threshold", threshold, -math.inf)
    groups = {"": values}
    if is_anomalous is not None:
        chosen = _as_flags(is_anomalous)
        _check_length("scores", values, chosen)
        groups = {"normal": values[~chosen], "anomalous": values[chosen]}
    figure = new_figure(7.0, 3.2)
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
        ValueError: If one kind is missing, a score isn't finite, or there aren't as
            many.

    >>> figure = roc_curves({"error": [0.1, 0.4, 0.9]}, [False, False, True])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['error: 1.000']
    """
    from sklearn.metrics import roc_curve

    from keras_latent.plots.figure import new_figure

    check_mapping("scores", scores, "scores by name")
    chosen = _as_flags(is_anomalous)
    if chosen.all() or not chosen.any():
        raise ValueError(
            "`is_anomalous` must be true of some and false of others. "
            f"Received: is_anomalous, true of {int(chosen.sum())} of {len(chosen)}"
        )
    curves = {
        name: as_scores(f"scores[{name!r}]", values) for name, values in scores.items()
    }
    for name, values in curves.items():
        _check_length(f"scores[{name!r}]", values, chosen)
    figure = new_figure(4.6, 4.2)
    axes = figure.add_subplot()
    for name, values in curves.items():
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


def _as_flags(is_anomalous: Any) -> np.ndarray:
    """Booleans of shape (count,): a text would be true, whatever it says."""
    flags = as_numeric_array("is_anomalous", is_anomalous)
    if flags.ndim != 1 or not np.isin(flags, (0, 1)).all():
        raise ValueError(
            "`is_anomalous` must hold booleans, of shape (count,). Received: "
            f"is_anomalous of shape {flags.shape} and dtype {flags.dtype}"
        )
    return flags.astype(bool)


def _check_length(argument: str, values: np.ndarray, is_anomalous: np.ndarray) -> None:
    if len(values) != len(is_anomalous):
        raise ValueError(
            f"`is_anomalous` must be known of each of the {len(values)} `{argument}`. "
            f"Received: is_anomalous of shape {is_anomalous.shape}"
        )
