"""The section of factors: how much each dimension tells of each of them."""

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import factor_data
from keras_latent.metrics.disentanglement.information import (
    discrete_information,
    entropies,
    in_equal_bins,
)
from keras_latent.reports.comparison_measures import BINS, FACTOR_IMAGES, factors_of
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.section import Picture, Section

_SHOWN = 32


def information(reported: ReportedModel) -> Section | None:
    """The matrix of information between dimensions and factors, as a picture.

    `None` if the images have no factors.
    """
    factors = factors_of(reported)
    if factors is None:
        return None
    rows = np.sort(reported.order[:FACTOR_IMAGES])
    shares = information_shares(reported.codes[rows], factors[rows])
    return Section(
        "Information of factors",
        "How much each dimension tells of each factor that varies: their mutual "
        f"information, codes in {BINS} equal bins, in shares of the factor's entropy. "
        "Of a code that separates the factors each column has one dark cell, and each "
        "row at most one.",
        [Picture(_drawn(shares), _in_words(shares))],
    )


def information_shares(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Mutual information in shares of the entropy of each factor.

    Args:
        codes: Array of shape (n, latent_dim).
        factors: Array of shape (n, factors).

    Returns:
        float64 of shape (latent_dim, factors that vary), in [0, 1].
    """
    data = factor_data(codes, factors, None, None, BINS)
    found = discrete_information(in_equal_bins(data.codes, BINS), data.values)
    return np.asarray(found / entropies(data.values))


def _drawn(shares: np.ndarray) -> object:
    from matplotlib.figure import Figure

    # Those that tell most, in their order.
    most = np.sort(np.argsort(-shares.max(axis=1), kind="stable")[:_SHOWN])
    shown = shares[most]
    size = (2 + 0.5 * shown.shape[1], 1.2 + 0.25 * len(shown))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    drawn = axes.imshow(shown, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xlabel("factor")
    axes.set_ylabel("dimension")
    axes.set_xticks(range(shown.shape[1]))
    axes.set_yticks(range(len(shown)), [str(row) for row in most])
    figure.colorbar(drawn, ax=axes, label="share of the factor's entropy")
    return figure


def _in_words(shares: np.ndarray) -> str:
    best = ", ".join(
        f"factor {factor} most by dimension {shares[:, factor].argmax()} "
        f"({shares[:, factor].max():.2g})"
        for factor in range(min(shares.shape[1], 10))
    )
    return f"Matrix of information: {best}."
