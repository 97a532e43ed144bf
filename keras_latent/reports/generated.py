"""Images that a model makes up, in numbers of features beside real ones."""

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from keras_latent import metrics
from keras_latent.reports.examples import Examples
from keras_latent.reports.generators import Generator
from keras_latent.reports.reported_model import ReportedModel
from keras_latent.reports.results import KNOWN_AT_MOST
from keras_latent.weights_hash import weights_hash

COMPONENTS = 32
MADE_AT_MOST = 2_000
_MADE_AT_ONCE = 256


class Extractor(NamedTuple):
    """What turns images into features, the same for all models of a comparison.

    Args:
        name: What it is called; it stands behind the name of each metric.
        described: What it is, with its hash.
        features: Images → float64 of shape (count, features).
    """

    name: str
    described: str
    features: Callable[[np.ndarray], np.ndarray]


def model_extractor(model: Any, name: str | None) -> Extractor:
    """Features of a Keras model of images, or of one of ours by its name."""
    from keras_latent.metrics.generation.features import Features

    features = Features(model, name, _MADE_AT_ONCE)
    described = features.described or f"outputs of the network {features.name}"
    return Extractor(
        features.name,
        f"{described}; hash {weights_hash(features.extractor)[:12]}",
        lambda images: features.all("images", images),
    )


def components_extractor(reported: ReportedModel) -> Extractor:
    """Coordinates along the principal components of the images to learn from.

    Args:
        reported: Any model on the images.
    """
    examples = (reported.known_examples or reported.examples).sampled(
        KNOWN_AT_MOST, reported.seed
    )
    size = int(np.prod(reported.picture_shape))
    count = min(COMPONENTS, size, max(1, examples.count - 1))
    found = metrics.principal_components(
        lambda: map(reported.pictures_in, examples.batches()), count, reported.seed
    )

    def features(images: np.ndarray) -> np.ndarray:
        rows = np.asarray(images, "float64").reshape(len(images), -1)
        return (rows - found.mean.reshape(-1)) @ found.directions.T.astype("float64")

    digest = hashlib.sha256(found.mean.tobytes() + found.directions.tobytes())
    return Extractor(
        f"pca{count}",
        f"coordinates of the pixels along {count} principal components, learned from "
        f"{examples.count:,} images, hash {digest.hexdigest()[:12]}",
        features,
    )


class Generated:
    """Images of a prior or of a sampler beside real ones, as features.

    Args:
        reported: The model and the images.
        extractor: What gives features.
        generator: What draws the images.
        real: What is known of real images, which generators of one model share.
    """

    def __init__(
        self,
        reported: ReportedModel,
        extractor: Extractor,
        generator: Generator,
        real: "RealFeatures",
    ) -> None:
        self._extractor = extractor
        self._generator = generator
        self._count = reported.examples.sampled(MADE_AT_MOST, reported.seed).count
        self.real = real
        self.name = generator.name
        self.extractor_name = extractor.name
        self.seed = reported.seed

    @cached_property
    def made(self) -> np.ndarray:
        """Features of as many generated images as there are real ones."""
        parts = []
        for part, start in enumerate(range(0, self._count, _MADE_AT_ONCE)):
            size = min(_MADE_AT_ONCE, self._count - start)
            images = self.images(size, self.seed + part)
            parts.append(self._extractor.features(images))
        return np.concatenate(parts)

    def images(self, count: int, seed: int) -> np.ndarray:
        """Generated images of shape (count, height, width, channels)."""
        return self._generator.draw(count, seed)

    @property
    def copied(self) -> float | None:
        """Share of generated images nearer to training images than held-out ones are.

        Nearer than in the median of the held-out ones; `None` without training images.
        """
        if self.real.learned is None:
            return None
        usual = np.median(nearest_distances(self.real.held_out, self.real.learned))
        nearest = nearest_distances(self.made, self.real.learned)
        return float(np.mean(nearest < usual))


class RealFeatures:
    """Features of real images.

    Args:
        reported: A model and the images.
        extractor: What gives features.
    """

    def __init__(self, reported: ReportedModel, extractor: Extractor) -> None:
        self._reported = reported
        self._extractor = extractor

    @cached_property
    def held_out(self) -> np.ndarray:
        """Those of held-out images."""
        seed = self._reported.seed
        return self._of(self._reported.examples.sampled(MADE_AT_MOST, seed))

    @cached_property
    def learned(self) -> np.ndarray | None:
        """Those of training images; `None` if there are none."""
        known = self._reported.known_examples
        if known is None:
            return None
        return self._of(known.sampled(KNOWN_AT_MOST, self._reported.seed))

    def _of(self, examples: Examples) -> np.ndarray:
        parts = [
            self._extractor.features(self._reported.pictures_in(batch))
            for batch in examples.batches()
        ]
        return np.concatenate(parts)


def nearest_distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Euclidean distance of each point to the nearest of others.

    >>> nearest_distances(np.array([[0.0], [5.0]]), np.array([[1.0], [4.5]]))
    array([1. , 0.5])
    """
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=1).fit(others).kneighbors(points)[0]
    return found[:, 0]
