"""How the accuracy of new classes grows with the examples of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras_latent.kinds import check_mapping, checked_list
from keras_latent.metrics.score import Score
from keras_latent.plots.style import styled

_ASKED = ("shots", "ways", "chance")


@styled
def few_shot_accuracies(scores: Mapping[str, Sequence[Score]]) -> Any:
    """Draw accuracies over the number of examples of each class.

    A band shows the 95 % interval of each curve, a dashed line what guessing gives.

    Args:
        scores: Name of a curve → what `metrics.few_shot_accuracy` gives for several
            `shots`, with the same `ways`.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: If there is no score, one is of another measure, or the ways differ.

    >>> from keras_latent.metrics import few_shot_accuracy
    >>> codes, labels = [[0.0], [0.2], [0.1], [1.0], [1.2], [1.1]], [0, 0, 0, 1, 1, 1]
    >>> found = [
    ...     few_shot_accuracy(codes, labels, ways=2, shots=n, queries=1) for n in (1, 2)
    ... ]
    >>> figure = few_shot_accuracies({"codes": found})
    >>> figure.axes[0].lines[0].get_xydata().tolist()
    [[1.0, 1.0], [2.0, 1.0]]
    """
    from keras_latent.plots.figure import new_figure

    check_mapping("scores", scores, "lists of scores by name")
    curves = {
        name: checked_list(f"scores[{name!r}]", curve, "scores")
        for name, curve in scores.items()
    }
    given = [score for curve in curves.values() for score in curve]
    if not given or not all(curves.values()):
        raise ValueError(
            "`scores` must hold at least one score for each name. "
            f"Received: scores={dict(scores)!r}"
        )
    for score in given:
        protocol = getattr(score, "protocol", {})
        if any(name not in protocol for name in _ASKED):
            raise ValueError(
                "`scores` must be those of `metrics.few_shot_accuracy`. Received: a "
                f"score of the protocol {protocol}"
            )
    ways = sorted({score.protocol["ways"] for score in given})
    if len(ways) > 1:
        raise ValueError(
            "`scores` must be of the same ways, among which there is to choose. "
            f"Received: scores of ways={ways}"
        )
    figure = new_figure(5.2, 3.4)
    axes = figure.add_subplot()
    for name, curve in curves.items():
        points = sorted(curve, key=lambda score: score.protocol["shots"])
        shots = [score.protocol["shots"] for score in points]
        values = [score.value for score in points]
        (line,) = axes.plot(shots, values, marker="o", label=name)
        low, high = (
            [score.value + sign * (score.interval or 0.0) for score in points]
            for sign in (-1, 1)
        )
        axes.fill_between(shots, low, high, color=line.get_color(), alpha=0.2, lw=0)
    chance = given[0].protocol["chance"]
    axes.axhline(chance, color="0.5", linestyle="--", linewidth=1, label="guessing")
    ticks = sorted({score.protocol["shots"] for score in given})
    axes.set_xscale("log")
    axes.set_xticks(ticks, map(str, ticks))
    axes.minorticks_off()
    axes.set(xlabel="labelled examples of each class", ylabel="accuracy", ylim=(0, 1))
    axes.set_title(f"{ways[0]} classes")
    axes.legend(loc="best")
    return figure
