"""The numbers that a model is judged by, and those of simple rivals beside them."""

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from keras_latent import metrics
from keras_latent.latent_space import sample_rows
from keras_latent.reports.averages import averaged
from keras_latent.reports.examples import Examples
from keras_latent.reports.nearest_pictures import HELD_OUT, nearest_known

if TYPE_CHECKING:
    from keras_latent.reports.reported_model import ReportedModel

NEIGHBOURS = 5
KNOWN_AT_MOST = 10_000
"""Images among which neighbours are sought, and from which rivals learn."""

TESTED_AT_MOST = 5_000
"""Images whose neighbours are sought."""

_NUMBERS_HELD = 50_000_000


class Accuracies(NamedTuple):
    """How well the class is told: from codes, and without them.

    Args:
        neighbours: By the votes of the nearest codes.
        linear: By a linear classifier of the codes.
        majority: By the most frequent class alone.
        pixels: By the votes of the nearest images.
        pixels_in_a_mean: Side in pixels of what was averaged before; 1 for nothing.
    """

    neighbours: metrics.Score
    linear: metrics.Score
    majority: metrics.Score
    pixels: metrics.Score
    pixels_in_a_mean: int


class Results:
    """Numbers of a model on its images; each is measured when it is asked for.

    Args:
        reported: The model and the images.
    """

    def __init__(self, reported: "ReportedModel") -> None:
        self._reported = reported

    @cached_property
    def error(self) -> float:
        """Mean squared error of the reconstructions."""
        return float(np.mean(self._reported.errors))

    @cached_property
    def _components(self) -> metrics.PrincipalComponents | None:
        known = self.sampled_known
        if known is None:
            return None
        size = int(np.prod(self._reported.picture_shape))
        count = min(self._reported.model.latent_dim, size, max(1, known.count - 1))
        if count * size > _NUMBERS_HELD:
            return None
        return metrics.principal_components(
            lambda: map(self._reported.pictures_in, known.batches()),
            count,
            self._reported.seed,
        )

    @property
    def components(self) -> int | None:
        """With how many numbers PCA reconstructs; `None` if there is no PCA."""
        found = self._components
        return None if found is None else len(found.directions)

    @property
    def learned_from(self) -> int:
        """From how many images the rivals learned."""
        return 0 if self.sampled_known is None else self.sampled_known.count

    @cached_property
    def rival_errors(self) -> tuple[float, float] | None:
        """Mean squared errors of the mean image, and of PCA; `None` if not known."""
        found = self._components
        if found is None:
            return None
        sums = np.zeros(2)
        for batch in self._reported.examples.batches():
            pictures = self._reported.pictures_in(batch)
            mean = np.broadcast_to(found.mean, pictures.shape)
            for place, guess in enumerate((mean, found.reconstruct(pictures))):
                sums[place] += metrics.mean_squared_error(pictures, guess).sum()
        of_mean, of_components = (sums / self._reported.count).tolist()
        return of_mean, of_components

    @property
    def why_no_accuracies(self) -> str | None:
        """Why classes can't be told; `None` if they can, or there are none."""
        known = self._reported.known_examples
        if known is None or known.labels is None:
            return None
        labels = self._reported.examples.labels
        if labels is None or len(np.unique(np.append(labels, known.labels))) < 2:
            return None
        if len(np.unique(known.labels)) < 2:
            return "the training images have one class alone, the others several"
        if known.count < NEIGHBOURS:
            return (
                f"{NEIGHBOURS} neighbours were asked for, of {known.count} training "
                "images"
            )
        return None

    @cached_property
    def accuracies(self) -> Accuracies | None:
        """How well the class is told; `None` without classes or enough images."""
        reported, known = self._reported, self.sampled_known
        labels = reported.examples.labels
        if known is None or known.labels is None or labels is None:
            return None
        if known.count < NEIGHBOURS or len(np.unique(known.labels)) < 2:
            return None
        rows = sample_rows(reported.count, TESTED_AT_MOST, reported.seed)
        tested = reported.examples.sampled(TESTED_AT_MOST, reported.seed)
        codes = self.known_codes, known.labels, reported.codes[rows], labels[rows]
        side = self._pixels_in_a_mean(known.count + tested.count)
        pixels = (
            self._pixels(known, side),
            known.labels,
            self._pixels(tested, side),
            labels[rows],
        )
        return Accuracies(
            metrics.knn_accuracy(*codes, k=NEIGHBOURS),
            metrics.linear_probe(*codes),
            metrics.majority_accuracy(known.labels, labels[rows]),
            metrics.knn_accuracy(*pixels, k=NEIGHBOURS),
            side,
        )

    @cached_property
    def held_out_distances(self) -> np.ndarray | None:
        """How far held-out images are from the nearest training images.

        Returns:
            float64 of shape (at most 100,): root mean square differences of pixels, of
            a sample of the images; `None` if there are no training images.
        """
        reported, known = self._reported, self._reported.known_examples
        if known is None:
            return None
        images = reported.pictures(np.sort(reported.order[:HELD_OUT]))
        return nearest_known(reported, known, images).distances

    @cached_property
    def known_codes(self) -> np.ndarray:
        """Codes of these images, of shape (count, latent_dim)."""
        known = self.sampled_known
        if known is None:
            return np.empty((0, self._reported.model.latent_dim))
        return self._reported.encode(known)

    @cached_property
    def sampled_known(self) -> Examples | None:
        """The images to learn from, 10,000 at most; `None` if there are none."""
        known = self._reported.known_examples
        return known and known.sampled(KNOWN_AT_MOST, self._reported.seed)

    def _pixels_in_a_mean(self, count: int) -> int:
        height, width, channels = self._reported.picture_shape
        side = 1
        while count * (height // side) * (width // side) * channels > _NUMBERS_HELD:
            side += 1
        return side

    def _pixels(self, examples: Examples, side: int) -> np.ndarray:
        parts = [
            averaged(self._reported.pictures_in(batch), side)
            for batch in examples.batches()
        ]
        return np.concatenate([part.reshape(len(part), -1) for part in parts])
