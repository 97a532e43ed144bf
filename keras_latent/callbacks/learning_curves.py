"""The logs of each epoch to TensorBoard."""

from pathlib import Path
from typing import Any

import keras

from keras_latent.validation import checked_path


class LearningCurves(keras.callbacks.TensorBoard):
    """Write the loss and each term by its name to TensorBoard after each epoch.

    The files are those of `keras.callbacks.TensorBoard(log_dir)`. That one also hands
    the logs of each step to TensorFlow, which keeps a tensor for each number that it
    ever met (about 5 kB a step, until the process ends), though none is written.

    Args:
        log_dir: The folder that TensorBoard reads.
    """

    def __init__(self, log_dir: str | Path) -> None:
        super().__init__(str(checked_path("log_dir", log_dir)), write_graph=False)

    def on_train_batch_end(self, batch: Any, logs: Any = None) -> None:
        """Write nothing."""
