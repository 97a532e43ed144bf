"""The arguments of a training run."""

import dataclasses
import os
from pathlib import Path
from typing import Any, Self

from keras_latent import datasets, models
from keras_latent.cli.precision import PRECISIONS
from keras_latent.cli.settings import Plain, check_settings
from keras_latent.cli.strategies import STRATEGIES
from keras_latent.datasets.augmentation import check_augmentations
from keras_latent.datasets.source import height_and_width
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
        epochs: Number of passes over the data. Defaults to `None`: as `steps` says, or
            as the size of the data says.
        steps: Number of steps, which is rounded up to whole epochs. Defaults to `None`.
        batch_size: Number of images in a step. Defaults to 128.
        latent_dim: Number of dimensions of the code, or of the channels of one that
            can only be a map; of an inverter, of the numbers beside the features.
            Defaults to `None`: 32; of an inverter, 5.
        learning_rate: That of the first step; it falls along half a cosine to 0 at the
            last one. Defaults to `None`: that of the variant.
        image_size: `(height, width)` in pixels to which images are resized. Defaults to
            `None`: their own size.
        seed: Seed of everything random. Defaults to 0.
        strategy: `"auto"` (all GPUs if there are several), `"none"`, `"mirrored"`, or
            `"multiworker"`: the workers that `TF_CONFIG` names. Defaults to `"auto"`.
        precision: In what the networks compute, one of `precision.PRECISIONS`.
            Defaults to `"float32"`.
        features: The `.keras` file of a model from images to features, which an
            inverter inverts. Defaults to `None`: those of a classifier of the labels,
            which is trained first.
        validation_split: The part of the training images that is held out where the
            dataset has no split for it, in [0, 0.5]. Defaults to 0.1.
        fit: One of `datasets.fitting.FITS`. Defaults to `"stretch"`.
        background: The colour behind what is transparent. Defaults to `"white"`.
        skip_bad: Whether files that can't be read are left out. Defaults to `False`.
        cache: `"memory"`, or a folder for decoded images. Defaults to `None`.
        settings: Further arguments of the variant, its distributions and its optimizer
            by their names on the command line. Defaults to none.
        augment: Names of `datasets.augmentation.AUGMENTATIONS`. Defaults to none.
        split_seed: Decides which images are held out. Defaults to `None`: `seed`.

    Raises:
        ValueError: If an argument is out of its range or not among its choices.
    """

    variant: str
    dataset: str
    epochs: int | None = None
    steps: int | None = None
    batch_size: int = 128
    latent_dim: int | None = None
    learning_rate: float | None = None
    image_size: tuple[int, int] | None = None
    seed: int = 0
    strategy: str = "auto"
    precision: str = "float32"
    features: str | None = None
    validation_split: float = 0.1
    fit: str = "stretch"
    background: str = "white"
    skip_bad: bool = False
    cache: str | None = None
    settings: dict[str, Plain] = dataclasses.field(default_factory=dict)
    augment: tuple[str, ...] = ()
    split_seed: int | None = None

    def __post_init__(self) -> None:
        check_choice("variant", self.variant, models.VARIANTS)
        check_choice("strategy", self.strategy, STRATEGIES)
        check_choice("precision", self.precision, PRECISIONS)
        check_positive_integer("batch_size", self.batch_size)
        for name in ("epochs", "steps", "latent_dim"):
            if getattr(self, name) is not None:
                check_positive_integer(name, getattr(self, name))
        if self.epochs is not None and self.steps is not None:
            raise ValueError(
                "`steps` can't be given together with `epochs`. "
                f"Received: steps={self.steps}, epochs={self.epochs}"
            )
        if self.features is not None:
            self._check_features(self.features)
        if self.learning_rate is not None:
            check_in_range("learning_rate", self.learning_rate)
        if self.image_size is not None:
            height_and_width(self.image_size)
        check_in_range("seed", self.seed, high=2**32 - 1)
        if self.split_seed is not None:
            check_in_range("split_seed", self.split_seed, high=2**32 - 1)
        check_in_range("validation_split", self.validation_split, 0, 0.5)
        check_augmentations(self.augment)
        check_settings(models.VARIANTS[self.variant], self.settings)
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

    def open(self) -> datasets.OpenedDataset:
        """Open the dataset, once for the run."""
        return open_data(self.dataset, self.to_config())

    def found_from_anywhere(self, dataset: datasets.OpenedDataset) -> Self:
        """The arguments with absolute paths.

        Args:
            dataset: What was opened by them.
        """
        paths = {}
        if self.features is not None:
            paths["features"] = str(Path(self.features).absolute())
        if self.cache not in (None, "memory"):
            paths["cache"] = str(Path(str(self.cache)).absolute())
        return dataclasses.replace(self, dataset=dataset.name, **paths)  # type: ignore[arg-type]

    def to_config(self) -> dict[str, Any]:
        """The arguments as JSON holds them."""
        config = dataclasses.asdict(self)
        for name in ("image_size", "augment"):
            if config[name] is not None:
                config[name] = list(config[name])
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The arguments of a run, of what `to_config` gave.

        Raises:
            TypeError: If it holds others.
        """
        given = dict(config)
        # What runs of earlier days said instead.
        if given.pop("mixed_precision", False):
            given["precision"] = "mixed_float16"
        for name in ("image_size", "augment"):
            if given.get(name) is not None:
                given[name] = tuple(given[name])
        return cls(**given)


def open_data(dataset: str, config: dict[str, Any]) -> datasets.OpenedDataset:
    """Open a dataset as a run was told to.

    Args:
        dataset: What to open.
        config: What `Arguments.to_config` gave, or a part of it.
    """
    size = config.get("image_size")
    split_seed = config.get("split_seed")
    return datasets.open_dataset(
        dataset,
        None if size is None else tuple(size),
        fit=config.get("fit", "stretch"),
        background=config.get("background", "white"),
        skip_bad=config.get("skip_bad", False),
        validation_split=config.get("validation_split", 0.0),
        seed=config.get("seed", 0) if split_seed is None else split_seed,
        cache=config.get("cache"),
    )
