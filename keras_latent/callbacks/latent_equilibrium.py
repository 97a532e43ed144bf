"""Stops the training when the length of the codes no longer grows."""

import math
from typing import Any

import keras

from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_positive_integer,
)


class LatentEquilibrium(keras.callbacks.Callback):
    """Stop when the latent length has dropped, risen again and come to rest.

    The losses of an encoder-decoder, like those of a GAN, don't tell whether it
    still improves. The length of its codes does: it first drops towards 0, then
    rises slowly to an equilibrium, where the images get no better.

    The length has passed its minimum once it lies `min_delta` above it. From there
    on, `patience` epochs without a rise of `min_delta` over the last length that
    counted end the training. A new minimum starts the watch again. A length that
    never rises, that of a collapsed code, never stops the training.

    Args:
        monitor: Name of the log to watch. Defaults to `"latent_length"`.
        min_delta: The least rise that counts, in the units of the length, which is of
            the order of 1 to 10 for `EncDec` with its default margin. Defaults to 0.05.
        patience: Epochs without such a rise after which the training stops. Defaults
            to 5.
        verbose: 1 prints a line when the training stops, 0 doesn't. Defaults to 0.

    Attributes:
        stopped_epoch: The epoch, counted from 0, after which the callback stopped
            the training, or `None`.

    Source: small-yellow-duck, "Encoder-decoder networks" (github.com/small-yellow-duck/
    encdec).

    Give it to `fit`: `model.fit(images, epochs=1000, callbacks=[equilibrium])`.

    >>> equilibrium = LatentEquilibrium(patience=10)
    """

    def __init__(
        self,
        monitor: str = "latent_length",
        min_delta: float = 0.05,
        patience: int = 5,
        verbose: int = 0,
    ) -> None:
        if not isinstance(monitor, str):
            raise ValueError(
                "`monitor` must be the name of a log, such as 'latent_length'. "
                f"Received: monitor={monitor!r}"
            )
        check_in_range("min_delta", min_delta)
        patience = checked_positive_integer("patience", patience)
        check_choice("verbose", verbose, [0, 1])
        super().__init__()
        self.monitor = monitor
        self.min_delta = min_delta
        self.patience = patience
        self.verbose = verbose
        self._start_watch()

    def _start_watch(self) -> None:
        self.stopped_epoch: int | None = None
        self._minimum = math.inf
        self._highest = math.inf
        self._waited = 0

    def _rests(self, length: float) -> bool:
        """Take in the length of one epoch; true when it came to rest."""
        if length < self._minimum:
            self._minimum = self._highest = length
            self._waited = 0
        elif length > self._highest + self.min_delta:
            self._highest = length
            self._waited = 0
        elif self._highest > self._minimum:
            self._waited += 1
        return self._waited >= self.patience

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget what an earlier training showed."""
        self._start_watch()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the epoch's latent length.

        Raises:
            ValueError: If the model doesn't log `monitor`.
        """
        logs = logs or {}
        check_choice("monitor", self.monitor, logs)
        if self._rests(float(logs[self.monitor])):
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.verbose:
                print(
                    f"Epoch {epoch + 1}: {self.monitor} is at its equilibrium, "
                    f"{float(logs[self.monitor]):.4g}"
                )
