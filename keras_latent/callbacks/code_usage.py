"""How much of the code is in use, after each epoch."""

import warnings
from typing import Any

import keras
import numpy as np

from keras_latent.callbacks.observed import checked_images, codes_of
from keras_latent.metrics.active_units import active_units
from keras_latent.renamed_errors import arguments_called
from keras_latent.typing import Observation
from keras_latent.validation import check_in_range, checked_positive_integer


class CodeUsage(keras.callbacks.Callback):
    """Count the dimensions of the code that carry something, and warn of none.

    The number of active dimensions goes into the logs as `active_units`, so that
    `History`, `CSVLogger` and, if they come later in the list, TensorBoard's callbacks
    have it. A code without an active dimension tells nothing of the image: its
    posterior has collapsed to the prior. After `patience` such epochs in a row a
    warning says so, once a training.

    Args:
        images: The observations to encode, always the same ones: an array of shape
            (count, ...), or a dict of arrays; at least two. For conditional models,
            `{"x": images, "y": conditions}`.
        threshold: The variance of a dimension's means over the images above which it is
            active. Defaults to 0.01.
        patience: Epochs in a row without an active dimension before the warning.
            Defaults to 3.

    Attributes:
        active: For each epoch of the last training, booleans of shape (latent_dim,).
        divergences: For each epoch, the mean KL(q(z|x) ‖ p(z)) in nats of each element
            of the code, of shape (latent_dim,); empty where there is no posterior, or
            the divergence is none of single elements.

    Raises:
        ValueError: If `images`, `threshold` or `patience` isn't as described; in `fit`,
            if the model doesn't take the images.

    Source: Burda, Grosse and Salakhutdinov 2015, "Importance weighted autoencoders",
    for active dimensions.

    Give it to `fit`: `model.fit(images, epochs=30, callbacks=[usage])`.

    >>> usage = CodeUsage(np.zeros((8, 28, 28, 1)), patience=5)
    """

    def __init__(
        self, images: Observation, threshold: float = 0.01, patience: int = 3
    ) -> None:
        images = checked_images(images, least=2)
        check_in_range("threshold", threshold)
        patience = checked_positive_integer("patience", patience)
        super().__init__()
        self.images = images
        self.threshold = threshold
        self.patience = patience
        self._forget()

    def _forget(self) -> None:
        self.active: list[np.ndarray] = []
        self.divergences: list[np.ndarray] = []
        self._idle = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget what an earlier training showed, and look at the images.

        Raises:
            ValueError: If the model doesn't take them, or there is but one.
        """
        self._forget()
        codes = codes_of(self.model, self.images)
        with arguments_called(means="images"):
            active_units(codes, self.threshold)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the codes, and log how many dimensions are active."""
        codes = np.asarray(self.model.encode(self.images))
        # What ends a training of such codes says more of them.
        codes = np.where(np.isfinite(codes), codes, 0.0)
        self.active.append(active_units(codes, self.threshold))
        divergences = mean_divergences(self.model, self.images)
        if divergences is not None:
            self.divergences.append(divergences)
        count = int(np.count_nonzero(self.active[-1]))
        if logs is not None:
            logs["active_units"] = float(count)
        self._idle = 0 if count else self._idle + 1
        if self._idle == self.patience:
            self._warn(epoch)

    def _warn(self, epoch: int) -> None:
        if self.model.has_prior:
            advice = (
                "its posterior has collapsed to the prior. Try a smaller weight of the "
                "divergence, a `WeightSchedule` that lets it rise from 0, or free bits"
            )
        else:
            advice = "try a smaller weight of what holds the code back"
        warnings.warn(
            f"No dimension of the code is active, for {self.patience} epochs up to "
            f"epoch {epoch + 1}: {advice}.",
            stacklevel=2,
        )


def mean_divergences(model: Any, images: Observation) -> np.ndarray | None:
    """Mean divergence of each element of the code from the prior.

    Args:
        model: A latent model.
        images: Observations of shape (count, ...).

    Returns:
        Nats of shape (latent_dim,); `None` where there is no posterior, or the
        divergence is none of single elements.
    """
    if model.posterior is None:
        return None
    divergences = model.kl_by_element(images)
    if divergences is None:
        return None
    return np.reshape(divergences, (len(divergences), -1)).mean(axis=0)
