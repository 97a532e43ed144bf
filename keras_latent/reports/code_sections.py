"""The sections of the code: where codes lie, and what each dimension does."""

from typing import Any

import numpy as np

from keras_latent import plots
from keras_latent.latent_space import project
from keras_latent.latent_space.projection import MOST_BY_TSNE
from keras_latent.metrics import active_units
from keras_latent.plots.decoding import code_space, is_standard_normal
from keras_latent.reports.factor_information import FactorInformation
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.section import (
    Picture,
    Section,
    narrowed,
    with_fewer_ticks,
    with_legend_below,
)

_DIMENSIONS = 12
_LISTED = 32
_LONG = 5000
"""Codes of which a map takes so long that its progress is shown."""


def code_map(reported: ReportedModel) -> Section:
    """The codes in two dimensions by t-SNE."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = np.sort(reported.order[: min(reported.limit, MOST_BY_TSNE)])
    # Several threads would add in any order, and t-SNE makes much of a last digit.
    with threadpool_limits(1):
        points = project(
            reported.codes[rows],
            "tsne",
            seed=reported.seed,
            verbose=int(len(rows) > _LONG),
        )
    labels = reported.examples.labels
    labels = None if labels is None else labels[rows]
    thumbnails = reported.thumbnails(rows)

    def draw() -> Any:
        figure = plots.projection(
            points, thumbnails, labels, reported.class_names, reported.count
        )
        # A name between dollar signs is no formula.
        for text in (text for legend in figure.legends for text in legend.texts):
            text.set_parse_math(False)
        return figure

    sample = f"All {reported.count:,} images"
    if len(rows) < reported.count:
        sample = f"A sample: {len(rows):,} of {reported.count:,} images"
    coloured = "" if labels is None else ", coloured by class"
    return Section(
        "Map of the codes",
        "The codes in two dimensions by t-SNE, with images where there is room; "
        "neighbours on the map have similar codes, while distances between groups and "
        "their sizes mean nothing.",
        [
            Picture(
                draw(),
                f"Scatter of {len(rows):,} codes{coloured}, with thumbnails of their "
                "images.",
                with_legend_below(narrowed(draw())),
                f"{sample}{coloured}.",
            )
        ],
    )


def traversals(
    reported: ReportedModel, of_factors: FactorInformation | None = None
) -> Section:
    """What each dimension does, the most used first.

    Args:
        reported: The model and the images.
        of_factors: What each dimension tells of factors, which stands beside it.
            Defaults to `None`: there are none.
    """
    model: Any = reported.model
    codes = reported.codes
    mean, deviation = codes.mean(axis=0), codes.std(axis=0)
    code = codes[reported.order[0]]
    dimensions = np.argsort(-deviation, kind="stable")[:_DIMENSIONS].tolist()
    end, unit = 3, "in the units of the prior"
    if code_space(model) == "sphere":
        end, unit = 1, "on the sphere of radius 1, on which the others make room"
    elif not is_standard_normal(model.prior):
        model = _Standardised(reported, mean, deviation)
        code = model.standardised(code)
        unit = "in standard deviations from the mean"

    labels = None
    if of_factors is not None:
        labels = [f"{d}: {of_factors.most_told(d)}" for d in dimensions]

    def draw(count: int) -> Any:
        values = np.linspace(-end, end, count).tolist()
        return plots.traversals(
            model, reported.as_shaped(code), dimensions, values, row_labels=labels
        )

    which = "All dimensions"
    if len(dimensions) < codes.shape[1]:
        which = f"The {_DIMENSIONS} most used of {codes.shape[1]} dimensions"
    caption = f"{which}, from left to right their value {unit}."
    if of_factors is not None:
        caption += (
            " Beside each stands the factor that it tells most of, with their mutual "
            "information in shares of the factor's entropy."
        )
    picture = Picture(
        draw(7),
        f"Rows of images, decoded while one dimension goes from {-end} to {end}, "
        f"for the dimensions {', '.join(map(str, dimensions))}.",
        draw(5),
        caption,
    )
    return Section(
        "Traversals",
        "The code of the first image of the reconstructions above, with one dimension "
        "moved at a time, the most used first; what changes along a row is what that "
        "dimension stands for.",
        [picture],
    )


def code_usage(reported: ReportedModel) -> Section:
    """How much each dimension carries."""
    codes = reported.codes
    is_active = active_units(codes)
    idle = np.flatnonzero(~is_active).tolist()
    caption = f"{np.count_nonzero(is_active)} of {len(is_active)} dimensions are active"
    if idle:
        listed = ", ".join(map(str, idle[:_LISTED]))
        caption += f"; inactive: {listed}{', …' * (len(idle) > _LISTED)}"
    pictures = [
        Picture(
            plots.code_usage(codes),
            f"Bars of the variance of each dimension. {caption}.",
            with_fewer_ticks(plots.code_usage(codes)),
            f"Variance of the codes over {reported.count:,} images. {caption}.",
        )
    ]
    kl = mean_divergences(reported)
    if kl is not None:
        total = f"{kl.sum():.4g} nats in all"
        pictures.append(
            Picture(
                plots.code_usage(codes, kl),
                f"Bars of the divergence of each dimension from the prior, {total}.",
                with_fewer_ticks(plots.code_usage(codes, kl)),
                f"Mean divergence of the posterior from the prior, {total}.",
            )
        )
    return Section(
        "Use of the dimensions",
        "How much each dimension of the code varies over the images, the most first; "
        "a dimension that hardly varies carries nothing, and the code could do "
        "without it.",
        pictures,
    )


class _Standardised:
    """A model whose codes are counted in standard deviations from their mean."""

    def __init__(
        self, reported: ReportedModel, mean: np.ndarray, deviation: np.ndarray
    ) -> None:
        self.code_shape = reported.model.code_shape
        self._reported = reported
        self._mean = mean
        self._deviation = deviation

    def standardised(self, codes: np.ndarray) -> np.ndarray:
        return (codes - self._mean) / np.where(self._deviation, self._deviation, 1.0)

    def decode(self, codes: np.ndarray) -> Any:
        vectors = self._mean + codes.reshape(len(codes), -1) * self._deviation
        return self._reported.model.decode(self._reported.as_shaped(vectors))


def mean_divergences(reported: ReportedModel) -> np.ndarray | None:
    """Mean divergence of each dimension from the prior, of shape (latent_dim,).

    `None` where there is no posterior, or the divergence is not one of dimensions.
    """
    if reported.model.posterior is None:
        return None
    parts = []
    for batch in reported.examples.batches():
        divergences = reported.model.kl_by_element(batch)
        if divergences is None:
            return None
        parts.append(np.reshape(divergences, (len(divergences), -1)))
    return np.concatenate(parts).mean(axis=0)
