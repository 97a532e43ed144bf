"""What is reported on: a model, images, and what the model makes of them."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_latent.images import image_entries
from keras_latent.metrics import mean_squared_error
from keras_latent.models import LatentModel
from keras_latent.typing import Observation

_BATCH = 256


class Labelled(NamedTuple):
    """Observations and the classes of each, an array of shape (count,)."""

    images: Observation
    labels: np.ndarray


@dataclasses.dataclass(frozen=True)
class ReportedModel:
    """A model and the images that it is reported on, encoded and decoded once.

    Args:
        model: A latent model.
        images: Observations of shape (count, ...), or a dict of them.
        labels: Array of shape (count,): their classes, or `None`.
        known: Other images with classes, from which classifiers of codes learn, or
            `None`.
        class_names: The names of the classes, or `None`.
        limit: How many images are taken where many take long.
        seed: Seed of all that is drawn.
    """

    model: LatentModel
    images: Observation
    labels: np.ndarray | None
    known: Labelled | None
    class_names: Sequence[str] | None
    limit: int
    seed: int

    @property
    def count(self) -> int:
        """How many images there are."""
        return row_count(self.images)

    @cached_property
    def order(self) -> np.ndarray:
        """The indices of all images, shuffled: the first n are a fair sample."""
        return np.random.default_rng(self.seed).permutation(self.count)

    def take(self, rows: Any) -> Observation:
        """The observations with these indices."""
        return keras.tree.map_structure(lambda column: column[rows], self.images)

    def encode(self, images: Observation) -> np.ndarray:
        """Codes of some observations, of shape (count, latent_dim), maps flattened."""
        codes = self._encoder.predict(images, batch_size=_BATCH, verbose=0)
        return codes.reshape(len(codes), -1)

    def as_shaped(self, codes: np.ndarray) -> np.ndarray:
        """Codes of shape (..., latent_dim) in the shape that the model has them in."""
        return codes.reshape(*codes.shape[:-1], *self.model.code_shape)

    @property
    def decodes_codes_alone(self) -> bool:
        """Whether codes can be decoded without a condition."""
        return self.model.condition is None

    @cached_property
    def codes(self) -> np.ndarray:
        """Codes of the images, of shape (count, latent_dim)."""
        return self.encode(self.images)

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

    @cached_property
    def targets(self) -> Observation:
        """What is to be reconstructed: the images, or what their features are of."""
        if self.encodes_reconstructions:
            return self.images
        return self._in_batches(self.model.target)

    @cached_property
    def reconstructions(self) -> Observation:
        """What the model makes of the images, in the shape of the targets."""
        return self.model.predict(self.images, batch_size=_BATCH, verbose=0)

    @cached_property
    def generated_codes(self) -> np.ndarray:
        """Codes of the reconstructions, of shape (count, latent_dim)."""
        return self.encode(self.reconstructions)

    @cached_property
    def picture(self) -> str:
        """The name of the entry that is drawn, the first one that is an image."""
        example = self.model.target(self.model.example_observation())
        return next(iter(image_entries(example)))

    @cached_property
    def pictures(self) -> np.ndarray:
        """That entry, an array of shape (count, height, width, channels)."""
        return image_entries(self.targets)[self.picture]

    @cached_property
    def decoded_pictures(self) -> np.ndarray:
        """Its reconstructions, of the same shape."""
        return image_entries(self.reconstructions)[self.picture]

    @cached_property
    def errors(self) -> np.ndarray:
        """Mean squared error of each picture, of shape (count,)."""
        return mean_squared_error(self.pictures, self.decoded_pictures)

    @cached_property
    def ablated_errors(self) -> np.ndarray | None:
        """The same without the features; `None` of models that invert none."""
        if not self.model.inverts_features:
            return None
        ablated = image_entries(self._in_batches(self.model.ablate))[self.picture]
        return mean_squared_error(self.pictures, ablated)

    def _in_batches(self, function: Callable[[Observation], Any]) -> Any:
        parts = [
            keras.tree.map_structure(
                np.asarray, function(self.take(slice(start, start + _BATCH)))
            )
            for start in range(0, self.count, _BATCH)
        ]
        return keras.tree.map_structure(
            lambda *columns: np.concatenate(columns), *parts
        )

    @cached_property
    def _encoder(self) -> keras.Model:
        return self.model.to_encoder()


def row_count(images: Observation) -> int:
    """How many observations there are."""
    return len(keras.tree.flatten(images)[0])
