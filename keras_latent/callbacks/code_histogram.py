"""Histograms of the code to TensorBoard."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_latent.callbacks.code_usage import mean_divergences
from keras_latent.callbacks.epoch_summary import EpochSummary
from keras_latent.callbacks.observed import checked_images, codes_of
from keras_latent.typing import Observation


class CodeHistograms(EpochSummary):
    """Write how the codes of some images are distributed to TensorBoard.

    The tags are `code/values`, all elements of all codes, and `code/means` and
    `code/variances`, one number for each latent dimension, each element of a map: a
    dimension of variance 0 carries nothing. Where the divergence from the prior is the
    sum of those of the code's elements, `code/divergences` are their means, in nats.

    Args:
        images: The observations to encode, always the same ones, in one batch: an
            array of shape (count, height, width, channels), or a dict of arrays.
        log_dir: The folder that TensorBoard reads.
        every: Write in the first epoch, then each that is `every` later. Defaults to 1.

    Raises:
        ValueError: If the images are no arrays; in `fit`, if the model doesn't take
            them.
    """

    def __init__(
        self, images: Observation, log_dir: str | Path, every: int = 1
    ) -> None:
        super().__init__(log_dir, every)
        images = checked_images(images)
        self.images = images

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open the event file, once the model took the images.

        Raises:
            ValueError: If it doesn't.
        """
        codes_of(self.model, self.images)
        super().on_train_begin(logs)

    def write(self, step: int) -> None:
        """Write the histograms."""
        codes = tf.convert_to_tensor(self.model.encode(self.images))
        means, variances = tf.nn.moments(codes, axes=[0])
        tf.summary.histogram("code/values", codes, step=step)
        tf.summary.histogram("code/means", means, step=step)
        tf.summary.histogram("code/variances", variances, step=step)
        divergences = mean_divergences(self.model, self.images)
        if divergences is not None:
            tf.summary.histogram("code/divergences", divergences, step=step)
