"""The section of factors: how much each dimension tells of each of them."""

import numpy as np

from keras_latent.reports.comparison_measures import BINS
from keras_latent.reports.factor_information import FactorInformation
from keras_latent.reports.section import Picture, Section

_SHOWN = 32
_LONGEST_UPRIGHT = 3


def information(found: FactorInformation) -> Section:
    """The matrix of information between dimensions and factors, as a picture."""
    return Section(
        "Information of factors",
        "How much each dimension tells of each factor that varies: their mutual "
        f"information, codes in {BINS} equal bins, in shares of the factor's entropy. "
        "Of a code that separates the factors each column has one dark cell, and each "
        "row at most one.",
        [Picture(_drawn(found), _in_words(found))],
    )


def _drawn(found: FactorInformation) -> object:
    from keras_latent.plots.figure import new_figure

    # Those that tell most, in their order.
    most = np.sort(np.argsort(-found.shares.max(axis=1), kind="stable")[:_SHOWN])
    shown = found.shares[most]
    size = (2 + 0.5 * shown.shape[1], 1.2 + 0.25 * len(shown))
    figure = new_figure(*size)
    axes = figure.add_subplot()
    drawn = axes.imshow(shown, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xlabel("factor")
    axes.set_ylabel("dimension")
    axes.set_xticks(range(shown.shape[1]), found.names, parse_math=False)
    if max(map(len, found.names)) > _LONGEST_UPRIGHT:
        axes.tick_params("x", rotation=45)
    axes.set_yticks(range(len(shown)), [str(row) for row in most])
    figure.colorbar(drawn, ax=axes, label="share of entropy")
    return figure


def _in_words(found: FactorInformation) -> str:
    best = ", ".join(
        f"factor {name} most by dimension {shares.argmax()} ({shares.max():.2g})"
        for name, shares in list(zip(found.names, found.shares.T, strict=True))[:10]
    )
    return f"Matrix of information: {best}."
