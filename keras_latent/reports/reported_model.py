"""What is reported on: a model, images, and what the model makes of them."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_latent.images import image_entries
from keras_latent.keras_internals import random_states
from keras_latent.metrics import mean_squared_error
from keras_latent.models import LatentModel
from keras_latent.reports.averages import averaged
from keras_latent.reports.examples import Examples, as_examples
from keras_latent.reports.results import Results
from keras_latent.samplers.base import Sampler
from keras_latent.typing import Observation

_THUMBNAIL = 64


class Labelled(NamedTuple):
    """Observations and the classes of each, an array of shape (count,)."""

    images: Observation
    labels: np.ndarray


class Drawn(NamedTuple):
    """Some images, what the model makes of them, and their codes.

    Args:
        images: Array of shape (count, height, width, channels).
        decoded: Array of the same shape.
        codes: Array of shape (count, *code_shape).
    """

    images: np.ndarray
    decoded: np.ndarray
    codes: np.ndarray


class _Seen(NamedTuple):
    """What one pass over all images leaves, each with one row an image."""

    codes: np.ndarray
    generated_codes: np.ndarray | None
    errors: np.ndarray
    ablated_errors: np.ndarray | None
    lowest: float
    highest: float


@dataclasses.dataclass(frozen=True)
class ReportedModel:
    """A model and the images that it is reported on, which are seen batch by batch.

    Args:
        model: A latent model.
        images: Observations of shape (count, ...), or a dict of them; or a split of a
            dataset, a `Source`.
        labels: Array of shape (count,): their classes, or `None`.
        known: Other images with classes, or a `Source`, from which classifiers of codes
            and the rivals of the model learn; or `None`.
        class_names: The names of the classes, or `None`.
        limit: How many images are taken where many take long.
        seed: Seed of all that is drawn.
        samplers: Samplers that were fitted to the model's codes, by names. Defaults to
            none.
    """

    model: LatentModel
    images: Any
    labels: np.ndarray | None
    known: Any
    class_names: Sequence[str] | None
    limit: int
    seed: int
    samplers: Mapping[str, Sampler] = dataclasses.field(default_factory=dict)

    @cached_property
    def examples(self) -> Examples:
        """The images that are reported on."""
        return as_examples(self.images, self.labels, self.model)

    @cached_property
    def known_examples(self) -> Examples | None:
        """The images to learn from."""
        if self.known is None:
            return None
        images, labels = (
            self.known if isinstance(self.known, tuple) else (self.known, None)
        )
        return as_examples(images, labels, self.model)

    @property
    def count(self) -> int:
        """How many images there are."""
        return self.examples.count

    @cached_property
    def order(self) -> np.ndarray:
        """The indices of all images, shuffled: the first n are a fair sample."""
        return np.random.default_rng(self.seed).permutation(self.count)

    def as_shaped(self, codes: np.ndarray) -> np.ndarray:
        """Codes of shape (..., latent_dim) in the shape that the model has them in."""
        return codes.reshape(*codes.shape[:-1], *self.model.code_shape)

    @cached_property
    def results(self) -> Results:
        """The numbers that the model is judged by."""
        return Results(self)

    @property
    def decodes_codes_alone(self) -> bool:
        """Whether codes can be decoded without a condition."""
        return self.model.condition is None

    def encode(self, examples: Examples) -> np.ndarray:
        """Codes of examples, of shape (count, latent_dim), maps flattened."""
        return np.concatenate([self._codes(batch) for batch in examples.batches()])

    @cached_property
    def encodes_reconstructions(self) -> bool:
        """Whether the encoder takes what the decoder gives, and nothing beside it."""
        taken, given = (
            keras.tree.map_structure(lambda column: tuple(column.shape), spec)
            for spec in (
                self.model.encoder_spec(),
                self.model.decoder_spec.observation,
            )
        )
        return taken == given

    @property
    def codes(self) -> np.ndarray:
        """Codes of the images, of shape (count, latent_dim)."""
        return self._seen.codes

    @property
    def generated_codes(self) -> np.ndarray | None:
        """Those of the reconstructions; `None` if they can't be encoded alone."""
        return self._seen.generated_codes

    @property
    def errors(self) -> np.ndarray:
        """Mean squared error of each picture, of shape (count,)."""
        return self._seen.errors

    @property
    def ablated_errors(self) -> np.ndarray | None:
        """The same without the features; `None` of models that invert none."""
        return self._seen.ablated_errors

    @property
    def range(self) -> float:
        """From the lowest to the highest value of all pictures."""
        return self._seen.highest - self._seen.lowest

    @property
    def lies_in_unit_range(self) -> bool:
        """Whether all pictures lie in [0, 1]."""
        return self._seen.lowest >= 0 and self._seen.highest <= 1

    @cached_property
    def reconstructs_one_tensor(self) -> bool:
        """Whether what is reconstructed is a single tensor, no dict."""
        example = self.model.target(self.model.example_observation())
        return not isinstance(example, dict)

    @cached_property
    def picture(self) -> str:
        """The name of the entry that is drawn, the first one that is an image."""
        example = self.model.target(self.model.example_observation())
        return next(iter(image_entries(example)))

    @cached_property
    def picture_shape(self) -> tuple[int, ...]:
        """Its shape: (height, width, channels)."""
        return self.pictures(np.arange(1)).shape[1:]

    def pictures(self, rows: Any) -> np.ndarray:
        """That entry of some images, of shape (rows, height, width, channels)."""
        return self.pictures_in(self.examples.take(rows))

    def pictures_in(self, observations: Observation) -> np.ndarray:
        """That entry of observations."""
        return image_entries(self.model.target(observations))[self.picture]

    def thumbnails(self, rows: np.ndarray) -> np.ndarray:
        """Pictures of some images, of 64 pixels a side at most, means of the pixels."""
        height, width, _ = self.picture_shape
        side = min(-(-max(height, width) // _THUMBNAIL), height, width)
        size = 2 * self.examples.rows_at_once
        parts = [
            averaged(self.pictures(rows[start : start + size]), side)
            for start in range(0, len(rows), size)
        ]
        return np.concatenate(parts)

    def drawn(self, rows: np.ndarray) -> Drawn:
        """Some images with what the model makes of them."""
        observations = self.examples.take(rows)
        decoded = image_entries(self.model.reconstruct(observations))[self.picture]
        return Drawn(
            self.pictures_in(observations),
            decoded,
            self.as_shaped(self.codes[rows]),
        )

    def names(self, rows: Any) -> list[str]:
        """The last two parts of some images' paths; none if they aren't files."""
        paths = self.examples.file_paths
        return [short_path(paths[row]) for row in rows] if paths else []

    @cached_property
    def logs(self) -> dict[str, float] | None:
        """The loss and its terms on the images.

        `None` if the model isn't compiled, or the classes aren't those that it learned.
        """
        if not self.model.compiled:
            return None
        try:
            with _drawing_from(self.seed, self.model):
                return self.examples.evaluated(self.model)
        except ValueError:
            return None

    def _codes(self, observations: Observation) -> np.ndarray:
        codes = np.asarray(self.model.encode(observations))
        return codes.reshape(len(codes), -1)

    @cached_property
    def _seen(self) -> _Seen:
        codes, generated, errors, ablated = [], [], [], []
        lowest, highest = np.inf, -np.inf
        for batch in self.examples.batches():
            codes.append(self._codes(batch))
            given = self.model.reconstruct(batch)
            pictures = self.pictures_in(batch)
            decoded = image_entries(given)[self.picture]
            errors.append(mean_squared_error(pictures, decoded))
            lowest = min(lowest, float(pictures.min()))
            highest = max(highest, float(pictures.max()))
            if self.encodes_reconstructions:
                generated.append(self._codes(given))
            if self.model.inverts_features:
                without: Any = self.model
                part = image_entries(_arrays(without.ablate(batch)))[self.picture]
                ablated.append(mean_squared_error(pictures, part))
        return _Seen(
            np.concatenate(codes),
            np.concatenate(generated) if generated else None,
            np.concatenate(errors),
            np.concatenate(ablated) if ablated else None,
            lowest,
            highest,
        )


def short_path(path: str) -> str:
    """The name of a file with the folder that it lies in.

    >>> short_path("/data/flowers/tulip/3.jpg")
    'tulip/3.jpg'
    """
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def _arrays(values: Any) -> Any:
    return keras.tree.map_structure(np.asarray, values)


@contextlib.contextmanager
def _drawing_from(seed: int, model: LatentModel) -> Iterator[None]:
    """Let a model's noise come from a seed, and give it its own state back."""
    states = random_states(model)
    before = [np.array(state) for state in states]
    for index, state in enumerate(states):
        state.assign(np.array([seed, index], "uint32"))
    try:
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)
