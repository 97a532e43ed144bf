"""The page of the most anomalous images."""

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from keras_latent import datasets, plots
from keras_latent.cli.results import checked_split
from keras_latent.cli.saved_run import SavedRun
from keras_latent.metrics import Score, anomaly
from keras_latent.reports.examples import SourceExamples
from keras_latent.reports.measures import Measure
from keras_latent.reports.page import page
from keras_latent.reports.reported_model import short_path
from keras_latent.reports.section import Picture, Section
from keras_latent.saving import write_text

MEANINGS = {
    "reconstruction": "Mean squared error of the reconstruction.",
    "elbo": "Minus the evidence lower bound, in nats, from one draw.",
    "distance": "Mean distance of the code to the five nearest of the training.",
}

ADVICE = {
    "reconstruction": (
        "Complex images have larger errors than simple ones, whatever they are: among "
        "the first, see whether they are strange or merely rich in detail. What is "
        "strange but simple may stand far below: sort by another `--score`, too."
    ),
    "elbo": (
        "The bound weighs what the code costs beside the error, and is taken from one "
        "draw: another `--seed` moves images of nearly equal scores. Complex images "
        "score higher than simple ones here, too."
    ),
    "distance": (
        "Distances of codes can rank pure noise as normal: an encoder may map what it "
        "has never seen into the midst of the normal codes (an area of 0.16 was seen, "
        "where the reconstruction gave 0.996). Trust them only beside the other scores."
    ),
}
"""What each score can't tell, which is said where it sorts the images."""


@dataclasses.dataclass(frozen=True)
class Found:
    """The scores of images, and what is known of them, one element an image.

    Args:
        score: The name of the score that sorts them.
        scores: All scores by their names.
        paths: The files; empty where they aren't files.
        classes: The names of the classes; empty where there are none.
        splits: The splits.
        places: Their places in the splits.
        threshold: The score that 5 % of the normal, held-out images exceed, or `None`.
        is_anomalous: What the classes say of each, or `None`.
        notes: What was left out, and why.
    """

    score: str
    scores: dict[str, np.ndarray]
    paths: list[str]
    classes: list[str]
    splits: list[str]
    places: list[int]
    threshold: float | None
    is_anomalous: np.ndarray | None
    notes: list[str]

    @cached_property
    def order(self) -> np.ndarray:
        """The indices of all images, the most anomalous first."""
        return np.argsort(-self.scores[self.score], kind="stable")

    @cached_property
    def areas(self) -> dict[str, Score]:
        """The area under the curve of each score; none without normal and other."""
        chosen = self.is_anomalous
        if chosen is None:
            return {}
        return {
            name: anomaly.auroc(scores[~chosen], scores[chosen])
            for name, scores in self.scores.items()
        }

    def areas_in_words(self) -> list[str]:
        """The areas, a line each."""
        return [
            f"AUROC of {name}: {area.value:.3f}" for name, area in self.areas.items()
        ]

    def name(self, row: int) -> str:
        """What an image is called."""
        if self.paths[row]:
            return short_path(self.paths[row])
        return f"{self.splits[row]} {self.places[row]}"


def write_page(
    found: Found,
    run: SavedRun,
    dataset: datasets.OpenedDataset,
    path: Path,
    count: int,
) -> None:
    """Write the page.

    Args:
        found: The scores.
        run: The model.
        dataset: The images.
        path: Where the page shall stand.
        count: Images on it at most.
    """
    name = Path(dataset.name).name
    facts = {
        "Model": f"{type(run.model).__name__}, {run.file}",
        "Images": f"{len(found.paths):,} of {dataset.name}",
        "Sorted by": MEANINGS[found.score],
    }
    if found.threshold is not None:
        above = int(np.sum(found.scores[found.score] > found.threshold))
        facts["Above the threshold"] = (
            f"{above:,} images score above {found.threshold:.4g}, which 5 % of the "
            "run's held-out images exceed"
        )
    measures = [
        Measure(
            f"AUROC of {score}",
            f"{area.value:.3f}",
            f"{MEANINGS[score]} {area.protocol['n_normal']:,} normal images, "
            f"{area.protocol['n_anomalous']:,} others; 0.5 is chance.",
        )
        for score, area in found.areas.items()
    ]
    text = page(
        title=f"Anomalies in {name}",
        facts=facts,
        measures={"Separation": measures} if measures else {},
        sections=_sections(found, run, dataset, count),
        advice=[*found.notes, ADVICE[found.score]],
    )
    write_text(path, text)


def _sections(
    found: Found, run: SavedRun, dataset: datasets.OpenedDataset, count: int
) -> list[Section]:
    shown = found.order[:count]
    pictures = [
        Picture(
            plots.reconstructions(_Once(images, decoded), images, columns=1),
            f"{found.name(row)} above its reconstruction.",
            None,
            _caption(found, row, dataset.name),
        )
        for row, (images, decoded) in zip(
            shown, _pairs(found, run, dataset, shown), strict=True
        )
    ]
    sections = [
        Section(
            "The most anomalous",
            "The images with the highest scores, the highest first, each above what "
            "the model makes of it.",
            pictures,
        ),
        Section(
            "Scores",
            "How many images have which score; anomalies are those far to the right.",
            [
                Picture(
                    plots.anomaly_scores(
                        found.scores[found.score], found.is_anomalous, found.threshold
                    ),
                    f"Histogram of the scores of {len(found.paths):,} images.",
                )
            ],
        ),
    ]
    if found.is_anomalous is not None:
        areas = ", ".join(found.areas_in_words())
        sections.append(
            Section(
                "Separation",
                "For each score, how many of the anomalous images are found when so "
                "many of the normal ones are called anomalous.",
                [
                    Picture(
                        plots.roc_curves(found.scores, found.is_anomalous),
                        f"Curves of the receiver operating characteristic. {areas}.",
                    )
                ],
            )
        )
    return sections


def _caption(found: Found, row: int, folder: str) -> str:
    values = ", ".join(f"{n} {scores[row]:.4g}" for n, scores in found.scores.items())
    path = Path(found.paths[row])
    inside = path.relative_to(folder) if path.is_relative_to(folder) else path
    place = inside if found.paths[row] else found.name(row)
    return f"{place}: {values}"


def _pairs(
    found: Found, run: SavedRun, dataset: datasets.OpenedDataset, rows: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each image with its reconstruction, of shape (1, height, width, channels)."""
    pairs = []
    for row in rows:
        source = checked_split(dataset, found.splits[row])
        examples = SourceExamples(source.take([found.places[row]]), run.model)
        observation = examples.take(slice(None))
        decoded = np.asarray(run.model.reconstruct(observation))
        pairs.append((run.model.target(observation), decoded))
    return pairs


class _Once:
    """A model that has made what it makes of an image."""

    def __init__(self, images: np.ndarray, decoded: np.ndarray) -> None:
        self._images, self._decoded = images, decoded

    def reconstruct(self, images: Any) -> np.ndarray:
        return self._decoded

    def target(self, images: Any) -> np.ndarray:
        return self._images
