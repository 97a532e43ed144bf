"""The arguments of a training run."""

import dataclasses
import os

from keras_latent import models
from keras_latent.cli.strategies import STRATEGIES
from keras_latent.validation import (
    check_choice,
    check_in_range,
    check_positive_integer,
)


@dataclasses.dataclass(frozen=True)
class Arguments:
    """What defines a run, beside the folder that it goes to.

    Args:
        variant: A name of `models.VARIANTS`.
        dataset: A name that `datasets.load` takes.
        epochs: Number of passes over the data.
        batch_size: Number of images in a step.
        latent_dim: Number of dimensions of the code, or of the channels of one that
            can only be a map; of an inverter, of the numbers beside the features.
            `None` for 32; of an inverter, 5.
        learning_rate: That of the first step; it falls along half a cosine to 0 at the
            last one. `None` for that of the variant.
        image_size: Side in pixels to which images are resized; `None` keeps their size.
        seed: Seed of everything random.
        strategy: `"auto"` (all GPUs if there are several), `"none"`, `"mirrored"`, or
            `"multiworker"`: the workers that `TF_CONFIG` names.
        mixed_precision: Whether the networks compute in float16.
        features: The `.keras` file of a model from images to features, which an
            inverter inverts; `None` for those of a classifier of the labels, which is
            trained first.

    Raises:
        ValueError: If an argument is out of its range or not among its choices.
    """

    variant: str
    dataset: str
    epochs: int
    batch_size: int
    latent_dim: int | None
    learning_rate: float | None
    image_size: int | None
    seed: int
    strategy: str
    mixed_precision: bool
    features: str | None = None

    def __post_init__(self) -> None:
        check_choice("variant", self.variant, models.VARIANTS)
        check_choice("strategy", self.strategy, STRATEGIES)
        for name in ("epochs", "batch_size"):
            check_positive_integer(name, getattr(self, name))
        if self.latent_dim is not None:
            check_positive_integer("latent_dim", self.latent_dim)
        if self.features is not None:
            self._check_features(self.features)
        if self.learning_rate is not None:
            check_in_range("learning_rate", self.learning_rate)
        if self.image_size is not None:
            check_positive_integer("image_size", self.image_size)
        check_in_range("seed", self.seed, high=2**32 - 1)
        if self.strategy == "multiworker" and self._inverts() and not self.features:
            raise ValueError(
                "`features` must be given where several workers train an inverter: a "
                "classifier can't be trained by all of them. Received: features=None"
            )

    def _check_features(self, features: str) -> None:
        if not self._inverts():
            raise ValueError(
                "`features` must be given for the variant 'inverter' alone. "
                f"Received: features={features!r} for {self.variant!r}"
            )
        if not features.endswith(".keras") or not os.path.isfile(features):
            raise ValueError(
                "`features` must be the path of a .keras file. "
                f"Received: features={features!r}"
            )

    def _inverts(self) -> bool:
        return models.VARIANTS[self.variant].inverts_features

    def code_size(self) -> int:
        """Dimensions of the code that the user chooses."""
        if self.latent_dim is not None:
            return self.latent_dim
        return 5 if self._inverts() else 32
