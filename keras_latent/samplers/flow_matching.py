"""A flow from noise to codes, learned by matching velocities."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_latent.samplers.base import check_enough
from keras_latent.samplers.code_sampler import CodeSampler
from keras_latent.samplers.steered_sampler import SteeredSampler
from keras_latent.samplers.velocity_networks import (
    one_hot,
    time_features,
    velocity_network,
)
from keras_latent.validation import checked_positive_integer

_ROWS = 1024
"""Codes that move at once."""


class FlowMatching(SteeredSampler, CodeSampler):
    """A field of velocities that moves normal noise z₀ to standardised codes z₁.

        z_t = (1−t)z₀ + t·z₁,   loss ‖v(z_t, t) − (z₁ − z₀)‖²

    Draws follow dz/dt = v by Heun's method. With labels, the field knows them, and with
    guidance w it is v_∅ + w(v_y − v_∅).

    Args:
        model: A trained model whose codes are vectors or maps.
        units: Units of a layer, or channels for maps. Defaults to 128.
        epochs: Passes over the codes. Defaults to 200.
        batch_size: Codes a step. Defaults to 128.
        learning_rate: Adam's at first; it falls to 0 as a cosine. Defaults to 0.001.
        steps: Steps of Heun's method. Defaults to 30.
        guidance: The weight w; 1 is none. Defaults to 1.0.
        label_dropout: The share of labels that are hidden. Defaults to 0.1.
        seed: Seed of the training. Defaults to 0.
        checkpoint: A file for what a fit has reached, from which one that was killed
            goes on to the same weights, but for the rounding in which two runs of
            TensorFlow differ, too; removed at the end. Defaults to `None`: none.
        verbose: 1 shows the progress, 0 nothing. Defaults to 1.

    Raises:
        ValueError: If the model has other codes, or a number is out of range.

    Source: Lipman et al. 2023, "Flow matching for generative modeling", equation 9 and
    section 4.1; Ho and Salimans 2022 for guidance.

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> sampler = FlowMatching(model, units=8, epochs=1, verbose=0).fit(images)
    >>> sampler.sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    arguments_of_draws = ("steps", "guidance")

    def __init__(
        self,
        model: Any,
        units: int = 128,
        epochs: int = 200,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        steps: int = 30,
        guidance: float = 1.0,
        label_dropout: float = 0.1,
        seed: int = 0,
        checkpoint: str | os.PathLike | None = None,
        verbose: int = 1,
    ) -> None:
        self.steps = checked_positive_integer("steps", steps)
        super().__init__(
            model,
            units=units,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            guidance=guidance,
            label_dropout=label_dropout,
            seed=seed,
            checkpoint=checkpoint,
            verbose=verbose,
        )

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Train the network.

        Raises:
            ValueError: If the loss isn't finite, or the checkpoint is of another fit.
        """
        check_enough(codes, 2, "between which a flow can learn")
        return self.trained(codes, labels, "velocity", "mse", _step)

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """Follow the field from noise."""
        guided = labels is not None and self.guidance != 1
        network = self.fitted_network()
        told = one_hot(self.numbers_of(labels, n), network)
        none = one_hot(self.numbers_of(None, 1), network)

        def velocity(z: np.ndarray, t: float, told: np.ndarray) -> np.ndarray:
            given = [z.astype("float32"), time_features(np.full(len(z), t))]
            found = network.predict_on_batch([*given, told])
            if not guided:
                return found
            without = network.predict_on_batch([*given, np.tile(none, (len(z), 1))])
            return without + self.guidance * (found - without)

        z = generator.standard_normal((n, *self.model.code_shape))
        for start in range(0, n, _ROWS):
            rows = slice(start, start + _ROWS)
            z[rows] = _moved(z[rows], self.steps, partial(velocity, told=told[rows]))
        return z

    def density(self, codes: np.ndarray) -> np.ndarray:
        """None that is computed.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "`log_prob` isn't computed for FlowMatching: it would take the trace of a "
            "Jacobian at each step. Use `GaussianMixture` for densities. "
            f"Received: codes of shape {codes.shape}"
        )

    def network(self, classes: int) -> keras.Model:
        """A new field of velocities."""
        return velocity_network(self.model.code_shape, classes, self.units)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model and what is of one fit."""
        return {"steps": self.steps, **super().get_config()}


def _step(
    network: keras.Model,
    codes: np.ndarray,
    labels: np.ndarray,
    generator: np.random.Generator,
) -> float:
    """One step of the training, on codes and the numbers of their labels."""
    noise = generator.standard_normal(codes.shape)
    t = generator.random(len(codes))
    share = t.reshape(-1, *[1] * (codes.ndim - 1))
    z = ((1 - share) * noise + share * codes).astype("float32")
    given = [z, time_features(t), one_hot(labels, network)]
    return network.train_on_batch(given, (codes - noise).astype("float32"))


def _moved(
    z: np.ndarray, steps: int, velocity: Callable[[np.ndarray, float], np.ndarray]
) -> np.ndarray:
    """Points at t=0 at t=1, by Heun's method."""
    width = 1 / steps
    for step in range(steps):
        first = velocity(z, step * width)
        second = velocity(z + width * first, (step + 1) * width)
        z = z + width * (first + second) / 2
    return z
