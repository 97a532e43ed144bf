"""A masked autoregressive flow, fitted to codes by maximum likelihood."""

import os
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.distributions.flow import Flow
from keras_latent.distributions.flows import MaskedAutoregressive
from keras_latent.samplers import training
from keras_latent.samplers.base import check_enough
from keras_latent.samplers.code_sampler import CodeSampler
from keras_latent.samplers.network_sampler import NetworkSampler
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer

_HIDDEN = 2
_LAST = f"kernel_{_HIDDEN}"
"""The kernels after which a step hardly moves codes at first."""
_ROWS = 1024
"""Codes that are looked at at once."""


class MaskedAutoregressiveFlow(NetworkSampler, CodeSampler):
    """Invertible autoregressive steps: a density in one pass, draws in d of them.

    Maps are taken as the vectors that they hold.

    Args:
        model: A trained model whose codes are vectors or maps.
        flows: Number of steps, each of which turns the order. Defaults to 2.
        units: Units of each of the two hidden layers of a step. Defaults to 128.
        epochs: Passes over the codes. Defaults to 100.
        batch_size: Codes a step. Defaults to 128.
        learning_rate: Adam's at first; it falls to 0 as a cosine. Defaults to 0.001.
        seed: Seed of the training. Defaults to 0.
        checkpoint: A file for what a fit has reached, from which one that was killed
            goes on to the same weights, but for the rounding in which two runs of
            TensorFlow differ, too; removed at the end. Defaults to `None`: none.
        verbose: 1 shows the progress, 0 nothing. Defaults to 1.

    Raises:
        ValueError: If the model has other codes, or a number is out of range.

    Source: Papamakarios, Pavlakou and Murray 2017, "Masked autoregressive flow for
    density estimation", equations 3 to 6.

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> sampler = MaskedAutoregressiveFlow(model, units=8, epochs=1, verbose=0)
    >>> sampler.fit(images).sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    def __init__(
        self,
        model: Any,
        flows: int = 2,
        units: int = 128,
        epochs: int = 100,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        seed: int = 0,
        checkpoint: str | os.PathLike | None = None,
        verbose: int = 1,
    ) -> None:
        self.flows = checked_positive_integer("flows", flows)
        super().__init__(
            model, units, epochs, batch_size, learning_rate, seed, checkpoint, verbose
        )

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Train the flow.

        Raises:
            ValueError: If the loss isn't finite, or the checkpoint is of another fit.
        """
        check_enough(codes, 2, "of which a density can be learned")
        rows = codes.reshape(len(codes), -1).astype("float32")
        trained = _LogProb(self.network(classes=0))
        training.draw_weights(trained, np.random.default_rng(self.seed), _LAST)
        optimizer = training.optimizer_for(self, len(rows))
        trained.compile(optimizer, loss=_minus_log_prob)

        def step(chosen: np.ndarray, _: np.random.Generator) -> float:
            no_target = np.zeros((len(chosen), 1), "float32")
            return trained.train_on_batch(rows[chosen], no_target)

        return training.trained_weights(self, trained, codes, None, step)

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """Invert the flow at normal draws."""
        flow = self.fitted_network()
        seed = keras.random.SeedGenerator(int(generator.integers(2**31)))
        dimension = int(np.prod(self.model.code_shape))
        rows = ops.convert_to_numpy(flow.sample(shape=(n, dimension), seed=seed))
        return rows.reshape(n, *self.model.code_shape).astype("float64")

    def density(self, codes: np.ndarray) -> np.ndarray:
        """The density of standardised codes, in one pass."""
        flow = self.fitted_network()
        rows = codes.reshape(len(codes), -1).astype("float32")
        parts = [
            ops.convert_to_numpy(flow.log_prob(rows[start : start + _ROWS]))
            for start in range(0, len(rows), _ROWS)
        ]
        return np.concatenate(parts).astype("float64")

    def network(self, classes: int) -> Flow:
        """A new flow."""
        units = (self.units,) * _HIDDEN
        flow = Flow("normal", [MaskedAutoregressive(units) for _ in range(self.flows)])
        flow.build((int(np.prod(self.model.code_shape)),))
        return flow

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model and what is of one fit."""
        return {"flows": self.flows, **super().get_config()}


class _LogProb(keras.Model):
    """A flow as a network from codes to their log-densities."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(name="log_prob")
        self.flow = flow

    def call(self, codes: Tensor) -> Tensor:
        """Log-densities of shape (batch, 1)."""
        return self.flow.log_prob(codes)[:, None]


def _minus_log_prob(_: Tensor, log_prob: Tensor) -> Tensor:
    return -log_prob[:, 0]
