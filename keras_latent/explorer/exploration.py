"""What is explored: a model, images, and what the page must know of both."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_latent.class_names import label_names
from keras_latent.datasets.source import Source
from keras_latent.explorer.atlas import LARGEST_SIDE, AtlasWriter, as_bytes, as_png
from keras_latent.explorer.maps import other_map, principal_plane
from keras_latent.explorer.packing import packed
from keras_latent.images import image_entries
from keras_latent.latent_space.projection import MOST_BY_TSNE
from keras_latent.metrics import mean_squared_error
from keras_latent.models import LatentModel
from keras_latent.models.latent_model import check_is_latent_model
from keras_latent.plots.class_colours import class_colours
from keras_latent.plots.decoding import code_radius, code_space
from keras_latent.reports.examples import ArrayExamples, Examples, as_examples
from keras_latent.reports.reported_model import short_path
from keras_latent.samplers.base import Sampler
from keras_latent.typing import Observation
from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_positive_integer,
)

PROJECTIONS = ("pca", "tsne", "umap")

_DRAWN_TO = "float32"


class Exploration:
    """A model with the images that are explored with it.

    All images are encoded and reconstructed once, batch by batch; of each, the code,
    the thumbnail and the error of the reconstruction stay in memory.

    Args:
        model: A latent model of images. It may be told a class as its condition, but no
            vector of numbers.
        images: Observations of shape (count, ...), or a dict of them, of which the
            first entry that is an image is shown; or a split of a dataset, a `Source`,
            which brings labels, names of classes and files.
        labels: Array of shape (count,): their classes, which a conditional model is
            told. Defaults to `None`.
        class_names: The names of the classes that `labels` are the indices of. Defaults
            to `None`.
        limit: Images that are shown at most; of more, the seed draws them. Defaults to
            2000.
        projection: `"pca"`, or a second map, `"tsne"` or `"umap"`. Defaults to
            `"pca"`.
        title: Heading of the page. Defaults to `None`: the name of the variant.
        seed: Of all that is drawn. Defaults to 0.
        sampler: A fitted sampler of `keras_latent.samplers`, from which codes are drawn
            instead of the model's prior. Defaults to `None`.
        data: What the images are, in a few words, such as `"the split test of mnist"`:
            the page says how many of them it shows. Defaults to `None`.

    Raises:
        ValueError: If an argument is wrong, or the model can't be explored.
    """

    def __init__(
        self,
        model: LatentModel,
        images: Observation | Source,
        labels: Any = None,
        class_names: Sequence[str] | None = None,
        limit: int = 2000,
        projection: str = "pca",
        title: str | None = None,
        seed: int = 0,
        sampler: Any = None,
        data: str | None = None,
    ) -> None:
        _check_model(model)
        _check_sampler(sampler, model)
        limit = checked_positive_integer("limit", limit)
        check_choice("projection", projection, PROJECTIONS)
        check_in_range("seed", seed, high=2**32 - 1)
        self.model = model
        self.seed = seed
        self.sampler = sampler
        self.title = type(model).__name__ if title is None else title
        self.projection = projection
        self.data = data
        examples = _examples(model, images, labels)
        self.total = examples.count
        self._examples = examples.sampled(limit, seed)
        self.count = self._examples.count
        if self.count < 2:
            raise ValueError(
                f"`images` must hold at least two. Received: {self.count} images"
            )
        if projection == "tsne" and self.count > MOST_BY_TSNE:
            raise ValueError(
                f"`limit` must be at most {MOST_BY_TSNE} for projection='tsne'. "
                f"Received: limit={limit}, of which there are {self.count}"
            )
        names = class_names or self._examples.class_names or None
        self.class_names = None if names is None else tuple(names)
        self._see()

    def _see(self) -> None:
        """Encode, reconstruct and shrink all images, in one pass."""
        codes, errors, conditions = [], [], []
        example = self.model.target(self.model.example_observation())
        self.picture, first = next(iter(image_entries(example).items()))
        self.image_shape: tuple[int, int, int] = first.shape[1:]
        writer = AtlasWriter(self.count, self.image_shape, LARGEST_SIDE)
        for batch in self._examples.batches():
            found = np.asarray(self.model.encode(batch))
            codes.append(found.reshape(len(found), -1).astype(_DRAWN_TO))
            pictures = self._pictures_in(self.model.target(batch))
            decoded = self._pictures_in(self.model.reconstruct(batch))
            errors.append(mean_squared_error(pictures, decoded))
            writer.add(as_bytes(pictures))
            if self.model.condition is not None:
                conditions.append(np.asarray(batch["y"], "int32"))
        self.codes = np.concatenate(codes)
        self.errors = np.concatenate(errors).astype(_DRAWN_TO)
        self.conditions = np.concatenate(conditions) if conditions else None
        self.thumbnails = writer.atlas()
        self.thumbnails_are_whole = writer.is_whole

    def _pictures_in(self, observation: Observation) -> np.ndarray:
        return image_entries(observation)[self.picture]

    def original(self, row: int) -> np.ndarray:
        """One of the images as it is.

        Args:
            row: Its index.

        Returns:
            uint8 of shape (height, width, 1 or 3).
        """
        observation = self.model.target(self._examples.take(np.array([row])))
        return as_bytes(self._pictures_in(observation))[0]

    def decode(self, codes: Any, conditions: Any = None) -> np.ndarray:
        """The pictures of codes.

        Args:
            codes: Array of shape (count, latent_dim), maps flattened.
            conditions: Integers of shape (count,): the class that the model is told.
                Defaults to `None`: the model takes none.

        Returns:
            float32 of shape (count, height, width, 1 or 3).
        """
        codes = np.asarray(codes, "float32").reshape(-1, *self.model.code_shape)
        y = None if conditions is None else np.asarray(conditions, "int32")
        decoded = self.model.decode(codes, y)
        return np.ascontiguousarray(self._pictures_in(decoded), "float32")

    @property
    def can_sample(self) -> bool:
        """Whether there is a sampler or a prior to draw codes from."""
        return self.sampler is not None or self.model.has_prior

    def drawn_codes(self, count: int, seed: int) -> np.ndarray:
        """Codes that are drawn from the sampler, or else from the prior.

        Args:
            count: How many.
            seed: Of the draw.

        Returns:
            float32 of shape (count, latent_dim).
        """
        if self.sampler is not None:
            codes = self.sampler.sample_codes(count, seed)
            return np.asarray(codes, "float32").reshape(count, -1)
        generator = keras.random.SeedGenerator(seed)
        shape = (count, *self.model.code_shape)
        drawn = self.model.prior.sample(shape=shape, seed=generator)
        return np.asarray(drawn, "float32").reshape(count, -1)

    def packed(
        self,
        header: dict[str, Any] | None = None,
        arrays: dict[str, np.ndarray] | None = None,
    ) -> bytes:
        """All that the page is given at its start.

        Args:
            header: What else the header holds. Defaults to `None`.
            arrays: Further arrays. Defaults to `None`.
        """
        plane = principal_plane(self.codes, self.seed)
        classes, indices = self._classes()
        paths = self._examples.file_paths
        maps = ["pca"]
        held = {
            "codes": self.codes,
            "errors": self.errors,
            "labels": indices,
            "points_pca": plane.points,
            "plane_mean": plane.mean,
            "plane_axes": plane.axes,
            "atlas": np.frombuffer(as_png(self.thumbnails.pixels), "uint8"),
        }
        if self.projection != "pca":
            maps.insert(0, self.projection)
            points = other_map(self.codes, self.projection, self.seed)
            held[f"points_{self.projection}"] = points
        if self.conditions is not None:
            held["conditions"] = self.conditions
        radius = code_radius(self.model)
        about = {
            "title": self.title,
            "variant": type(self.model).__name__,
            "count": self.count,
            "total": self.total,
            "data": self.data,
            "code_shape": list(self.model.code_shape),
            "image_shape": list(self.image_shape),
            "space": code_space(self.model),
            "radius": radius if np.isfinite(radius) else None,
            "classes": classes,
            "class_colours": class_colours(len(classes)),
            "absent_classes": self._absent(classes),
            "names": [short_path(path) for path in paths] or None,
            "maps": maps,
            "atlas": {
                "columns": self.thumbnails.columns,
                "cell": list(self.thumbnails.cell),
                "is_whole": self.thumbnails_are_whole,
            },
            "sampled_from": self._sampled_from(),
            "conditions": self._condition_names(),
        }
        return packed({**about, **(header or {})}, {**held, **(arrays or {})})

    def _sampled_from(self) -> str | None:
        """What samples are drawn from, in words; `None` if from nothing."""
        if self.sampler is not None:
            return f"the sampler {type(self.sampler).__name__}"
        return "the prior" if self.can_sample else None

    def _classes(self) -> tuple[list[str], np.ndarray]:
        """The names of the classes that occur, and the index of each image's one."""
        labels = self._examples.labels
        if labels is None:
            return [], np.full(self.count, -1, "int32")
        values, indices = np.unique(labels, return_inverse=True)
        return label_names(values, self.class_names), indices.astype("int32")

    def _absent(self, classes: Sequence[str]) -> list[str]:
        """The classes that have a name, but no image here."""
        names = self.class_names if classes else None
        return [name for name in names or () if name not in set(classes)]

    def _condition_names(self) -> list[str] | None:
        """What can be chosen as the condition; `None` if the model takes none."""
        if self.model.condition is None:
            return None
        count = self.model.condition.length
        if self.class_names is not None and len(self.class_names) == count:
            return list(self.class_names)
        return [str(index) for index in range(count)]


def _check_model(model: Any) -> None:
    """Refuse what can't be explored.

    Raises:
        ValueError: If it is no latent model, shows no images, or is told numbers.
    """
    check_is_latent_model(model)
    try:
        image_entries(model.target(model.example_observation()))
    except ValueError as error:
        raise ValueError(f"`model` can't be explored: {error}") from error
    if model.condition is not None and model.condition.num_classes is None:
        raise ValueError(
            "`model` must be told classes, if anything: they are chosen from a list. "
            f"Received: a model that is told {model.condition.size} numbers"
        )


def _check_sampler(sampler: Any, model: LatentModel) -> None:
    """Refuse what doesn't draw codes of this model.

    Raises:
        ValueError: If it is no sampler, or one of another model.
    """
    if sampler is None:
        return
    if not isinstance(sampler, Sampler):
        raise ValueError(
            "`sampler` must be a sampler of keras_latent.samplers. "
            f"Received: sampler of type {type(sampler).__name__}"
        )
    if sampler.model is not model:
        raise ValueError(
            "`sampler` must be fitted to codes of `model`. "
            f"Received: a sampler of another model, {sampler.model.name!r}"
        )


def _examples(
    model: LatentModel, images: Observation | Source, labels: Any
) -> Examples:
    """The images that are explored, checked."""
    if isinstance(images, Source):
        return as_examples(images, None, model)
    labels = None if labels is None else np.asarray(labels)
    observation = model.observation(images, labels)
    model.check_observation(observation)
    examples = ArrayExamples(observation, labels)
    if labels is not None and labels.shape != (examples.count,):
        raise ValueError(
            f"`labels` must hold one label for each of the {examples.count} images. "
            f"Received: labels of shape {labels.shape}"
        )
    return examples
