"""The sections of images: what a model makes of them, and what it makes up."""

import re
from typing import Any

import numpy as np

from keras_latent import plots
from keras_latent.images import image_entries
from keras_latent.plots.decoding import code_space, is_standard_normal
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.section import Picture, Section, narrowed, with_larger_labels

_SHOWN = 20
_EXTREMES = 10
_EXTREMES_NARROW = 4
_PAIRS = 5
_INVERTED = 10
_DRAWN = 64


def reconstructions(reported: ReportedModel) -> Section:
    """Some images over what the model makes of them."""
    model, images = _Drawn(reported), _drawn(reported, reported.order[:_SHOWN])
    shown = min(_SHOWN, reported.count)
    return Section(
        "Reconstructions",
        "Images drawn at random, and below each what the model decodes from its code; "
        "what is missing below didn't fit into the code.",
        [
            Picture(
                plots.reconstructions(model, images, columns=10),
                f"{shown} images, each above its reconstruction.",
                plots.reconstructions(model, images, columns=4),
            )
        ],
    )


def worst_and_best(reported: ReportedModel) -> Section:
    """The images of the largest and of the smallest error."""
    best_first = np.argsort(reported.errors, kind="stable")
    rows = np.unique([*best_first[:_EXTREMES], *best_first[-_EXTREMES:]])
    model, images = _Drawn(reported), _drawn(reported, rows)
    worst = reported.names(best_first[::-1][:_EXTREMES])
    leads_to_names = " The worst, from left to right:" if worst else ""
    low, high = reported.errors[best_first[0]], reported.errors[best_first[-1]]
    median = np.median(reported.errors)
    return Section(
        "Worst and best reconstructions",
        "The images with the largest and the smallest mean squared error, which stands "
        "below each; the worst show what the model hasn't learned, the best what it "
        "finds easy.",
        [
            Picture(
                plots.worst_and_best(model, images, count=_EXTREMES),
                "The worst and the best reconstructions, each below its original. "
                f"The largest error is {high:.3g}, the smallest {low:.3g}.",
                plots.worst_and_best(model, images, count=_EXTREMES_NARROW),
                f"Errors of {reported.count:,} images: smallest {low:.3g}, median "
                f"{median:.3g}, largest {high:.3g}.{leads_to_names}",
                worst,
                _EXTREMES_NARROW,
            )
        ],
    )


def inversions(reported: ReportedModel) -> Section:
    """Some images, what is decoded of their features, and what without them."""
    model: Any = reported.model

    def draw(count: int) -> Any:
        images = reported.examples.take(reported.order[:count])
        return plots.inversions({"decoded": model}, {"images": images})

    without = "a single image for all"
    if model.extra_encoder is not None:
        without = "what the extra numbers alone give"
    return Section(
        "Inversions",
        "Images drawn at random, what is decoded of the features of a frozen network, "
        f"and what is decoded with the features set to 0, {without}; what differs "
        "between the last two rows is what the features tell.",
        [
            Picture(
                draw(_INVERTED),
                f"{min(_INVERTED, reported.count)} images, below each its decoding "
                "with its features, and then without them.",
                with_larger_labels(draw(5)),
            )
        ],
    )


def prior_samples(reported: ReportedModel) -> Section:
    """Draws of the prior, decoded."""
    return Section(
        "Samples of the prior",
        f"Images decoded from random codes of the prior, {_described(reported.model)}; "
        "they look like the data if the codes of the data fill the prior. Where they "
        "don't, `keras-latent sample RUN --sampler gaussian_mixture` fits a sampler to "
        "the codes, which reports show beside the prior from then on.",
        [
            Picture(
                plots.prior_samples(reported.model, _DRAWN, reported.seed),
                f"{_DRAWN} images decoded from draws of the prior.",
            )
        ],
    )


def samples(reported: ReportedModel) -> Section:
    """Draws of the prior, where there is one, beside those of samplers."""
    model, pictures = reported.model, []
    if model.has_prior:
        pictures.append(
            Picture(
                narrowed(plots.prior_samples(model, _DRAWN, reported.seed)),
                f"{_DRAWN} images decoded from draws of the prior.",
                caption=f"The prior, {_described(model)}.",
            )
        )
    for name, sampler in reported.samplers.items():
        labels = sampler.classes
        what = type(sampler).__name__
        caption = f"{what}, saved as {name}."
        if labels is not None:
            labels = np.sort(np.resize(labels, _DRAWN))
            caption = f"{what}, saved as {name}: as many images of each label, sorted."
        images = sampler.sample(_DRAWN, reported.seed, labels)
        pictures.append(
            Picture(
                narrowed(plots.samples(images)),
                f"{_DRAWN} images drawn by {what}.",
                caption=caption,
            )
        )
    return Section(
        "Samples",
        "Images decoded from random codes: of the prior, where the model has one, and "
        "of samplers, which were fitted to the codes of the training images.",
        pictures,
    )


def _described(model: Any) -> str:
    """The prior of a model in words."""
    if is_standard_normal(model.prior):
        return "a standard normal"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(model.prior).__name__)
    return f"of the kind {words}"


def interpolations(reported: ReportedModel) -> Section:
    """Ways between the codes of pairs of images: straight, or along a sphere."""
    starts, ends = (_drawn(reported, rows) for rows in _pairs(reported).T)

    def draw(steps: int) -> Any:
        return plots.interpolations(_Drawn(reported), starts, ends, steps)

    way = "straight line"
    if code_space(reported.model) == "sphere":
        way = "shortest way along the sphere"
    return Section(
        "Interpolations",
        f"Codes on the {way} between the codes of two images, decoded, with the "
        "share of the way below; a smooth latent space gives a plausible image at "
        "each step.",
        [
            Picture(
                draw(8),
                "Rows of images that change step by step from a first image to a "
                "last one.",
                with_larger_labels(draw(4)),
            )
        ],
    )


class _Drawn:
    """A reported model, for what `_drawn` gives: it needn't compute it again."""

    def __init__(self, reported: ReportedModel) -> None:
        self._reported = reported
        self.code_shape = reported.model.code_shape
        self.prior = reported.model.prior

    def reconstruct(self, x: dict[str, np.ndarray]) -> np.ndarray:
        return x["decoded"]

    def encode(self, x: dict[str, np.ndarray]) -> np.ndarray:
        return x["code"]

    def target(self, x: dict[str, np.ndarray]) -> np.ndarray:
        return x["image"]

    def decode(self, z: np.ndarray) -> np.ndarray:
        return image_entries(self._reported.model.decode(z))[self._reported.picture]


def _drawn(reported: ReportedModel, rows: np.ndarray) -> dict[str, np.ndarray]:
    drawn = reported.drawn(rows)
    return {"image": drawn.images, "decoded": drawn.decoded, "code": drawn.codes}


def _pairs(reported: ReportedModel) -> np.ndarray:
    """Indices of pairs of images, of two classes where there are several."""
    left = reported.order[: 40 * _PAIRS].tolist()
    pairs: list[tuple[int, int]] = []
    while len(left) > 1 and len(pairs) < _PAIRS:
        start = left.pop(0)
        labels = reported.examples.labels
        others = (i for i in left if labels is not None and labels[i] != labels[start])
        end = next(others, left[0])
        left.remove(end)
        pairs.append((start, end))
    return np.array(pairs)
