"""Images to TensorBoard: reconstructions and samples of the prior."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_latent.callbacks.epoch_summary import EpochSummary
from keras_latent.callbacks.observed import checked_images
from keras_latent.images import (
    image_entries,
    square_columns,
    tile,
    tile_pairs,
)
from keras_latent.kinds import check_offers
from keras_latent.renamed_errors import arguments_called
from keras_latent.typing import Observation
from keras_latent.validation import (
    check_has_prior,
    check_unit_range,
    checked_positive_integer,
    checked_seed,
)


class ReconstructionImages(EpochSummary):
    """Write images with their reconstructions below them to TensorBoard.

    The tag is `reconstructions/image`; of a dict of observations, each entry that is
    an image gets its own, `reconstructions/<name>`.

    Args:
        images: A few observations, always the same ones: an array of shape
            (count, height, width, channels) in [0, 1], or a dict of arrays.
        log_dir: The folder that TensorBoard reads.
        every: Write in the first epoch, then each that is `every` later. Defaults to 1.

    Raises:
        ValueError: If there is no image, or a value of one is outside of [0, 1]; in
            `fit`, if the model doesn't take them.
    """

    def __init__(
        self, images: Observation, log_dir: str | Path, every: int = 1
    ) -> None:
        super().__init__(log_dir, every)
        images = checked_images(images)
        for drawn in image_entries(images).values():
            check_unit_range("images", drawn)
        self.images = images

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open the event file, once the model reconstructed the images.

        Raises:
            ValueError: If it doesn't take them, or gives no images.
        """
        check_offers("model", self.model, "a latent model", "target", "reconstruct")
        with arguments_called(x="images"):
            self._pairs()
        super().on_train_begin(logs)

    def _pairs(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """The originals and the reconstructions of each entry that is an image."""
        originals = image_entries(self.model.target(self.images))
        return originals, image_entries(self.model.reconstruct(self.images))

    def write(self, step: int) -> None:
        """Write one grid for each entry that is an image."""
        originals, decoded = self._pairs()
        for name, reconstructions in decoded.items():
            grid = tile_pairs(originals[name], reconstructions)
            tf.summary.image(f"reconstructions/{name}", grid[None], step=step)


class SampleImages(EpochSummary):
    """Write images decoded from draws of the prior to TensorBoard.

    Each epoch uses the same draws, so that one sees them change with the decoder.
    For models with a prior. The tag is `samples/image`; of a dict of observations, each
    entry that is an image gets its own, `samples/<name>`.

    Args:
        log_dir: The folder that TensorBoard reads.
        count: How many images. Defaults to 16.
        seed: Of the draws. Defaults to 0.
        every: Write in the first epoch, then each that is `every` later. Defaults to 1.

    Raises:
        ValueError: If a number isn't as described; in `fit`, if the model has no prior
            or decodes no images.
    """

    def __init__(
        self, log_dir: str | Path, count: int = 16, seed: int = 0, every: int = 1
    ) -> None:
        super().__init__(log_dir, every)
        count = checked_positive_integer("count", count)
        self.count = count
        self.seed = checked_seed(seed)

    def set_model(self, model: Any) -> None:
        """Take the model that `fit` trains.

        Raises:
            ValueError: If the model has no prior to draw from.
        """
        check_has_prior(model)
        super().set_model(model)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open the event file, once the model gave an image.

        Raises:
            ValueError: If it gives none.
        """
        image_entries(self.model.sample(1, seed=self.seed))
        super().on_train_begin(logs)

    def write(self, step: int) -> None:
        """Write one grid for each entry that is an image."""
        samples = image_entries(self.model.sample(self.count, seed=self.seed))
        for name, images in samples.items():
            grid = tile(images, square_columns(self.count))
            tf.summary.image(f"samples/{name}", grid[None], step=step)
