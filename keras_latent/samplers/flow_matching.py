"""A flow from noise to codes, learned by matching velocities."""

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_latent.samplers import training
from keras_latent.samplers.base import check_enough
from keras_latent.samplers.code_sampler import CodeSampler
from keras_latent.samplers.velocity_networks import time_features, velocity_network
from keras_latent.validation import (
    check_in_range,
    checked_positive_integer,
    checked_seed,
)

_ROWS = 1024
"""Codes that move at once."""


class FlowMatching(CodeSampler):
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

    steered_by_labels = True
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
        check_in_range("learning_rate", learning_rate, low=1e-9)
        check_in_range("guidance", guidance)
        check_in_range("label_dropout", label_dropout, 0, 1)
        super().__init__(model)
        self.units = checked_positive_integer("units", units)
        self.epochs = checked_positive_integer("epochs", epochs)
        self.batch_size = checked_positive_integer("batch_size", batch_size)
        self.learning_rate = learning_rate
        self.steps = checked_positive_integer("steps", steps)
        self.guidance = guidance
        self.label_dropout = label_dropout
        self.seed = checked_seed(seed)
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.verbose = verbose

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Train the network.

        Raises:
            ValueError: If the loss isn't finite, or the checkpoint is of another fit.
        """
        check_enough(codes, 2, "between which a flow can learn")
        classes = np.unique([] if labels is None else labels)
        network = velocity_network(
            self.model.code_shape, len(classes), self.units, self.seed
        )
        network.compile(training.optimizer_for(self, len(codes)), loss="mse")
        indices = None if labels is None else np.searchsorted(classes, labels)

        def step(rows: np.ndarray, generator: np.random.Generator) -> float:
            own = None if indices is None else indices[rows]
            return self._step(network, codes[rows], own, generator, len(classes))

        return training.trained_weights(self, network, codes, labels, step)

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """Follow the field from noise."""
        state = self.fitted_state()
        classes = state.get("classes", np.zeros(0, int))
        network = velocity_network(self.model.code_shape, len(classes), self.units, 0)
        training.assign_arrays(network.weights, state)
        z = generator.standard_normal((n, *self.model.code_shape))
        indices = None if labels is None else np.searchsorted(classes, labels)
        for start in range(0, n, _ROWS):
            rows = slice(start, start + _ROWS)
            own = None if indices is None else indices[rows]
            z[rows] = self._moved(network, z[rows], own, len(classes))
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

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model and what is of one fit."""
        names = ["units", "epochs", "batch_size", "learning_rate", "steps"]
        names += ["guidance", "label_dropout", "seed"]
        return {name: getattr(self, name) for name in names}

    def _step(
        self,
        network: keras.Model,
        codes: np.ndarray,
        labels: np.ndarray | None,
        generator: np.random.Generator,
        classes: int,
    ) -> float:
        noise = generator.standard_normal(codes.shape)
        t = generator.random(len(codes))
        share = t.reshape(-1, *[1] * (codes.ndim - 1))
        if labels is not None:
            hidden = generator.random(len(codes)) < self.label_dropout
            labels = np.where(hidden, classes, labels)
        z = ((1 - share) * noise + share * codes).astype("float32")
        given = [z, time_features(t), _one_hot(labels, len(codes), classes)]
        return network.train_on_batch(given, (codes - noise).astype("float32"))

    def _moved(
        self,
        network: keras.Model,
        z: np.ndarray,
        labels: np.ndarray | None,
        classes: int,
    ) -> np.ndarray:
        """Points at t=0 at t=1, by Heun's method."""
        none = _one_hot(None, len(z), classes)
        known = _one_hot(labels, len(z), classes)

        def velocity(z: np.ndarray, t: float) -> np.ndarray:
            times = time_features(np.full(len(z), t))
            z = z.astype("float32")
            with_labels = network.predict_on_batch([z, times, known])
            if labels is None or self.guidance == 1:
                return with_labels
            without = network.predict_on_batch([z, times, none])
            return without + self.guidance * (with_labels - without)

        width = 1 / self.steps
        for step in range(self.steps):
            first = velocity(z, step * width)
            second = velocity(z + width * first, (step + 1) * width)
            z = z + width * (first + second) / 2
        return z


def _one_hot(labels: np.ndarray | None, count: int, classes: int) -> np.ndarray:
    """Labels as the network takes them; the last entry stands for none."""
    indices = np.full(count, classes) if labels is None else labels
    return np.eye(classes + 1, dtype="float32")[indices]
