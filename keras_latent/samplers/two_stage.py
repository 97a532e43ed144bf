"""A second variational autoencoder, of the codes of the first."""

import os
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from keras_latent.likelihoods import Gaussian
from keras_latent.models.variational.vae import VAE
from keras_latent.samplers import training
from keras_latent.samplers.base import check_enough
from keras_latent.samplers.network_sampler import NetworkSampler
from keras_latent.samplers.posterior_rows import posterior_draws
from keras_latent.samplers.posterior_sampler import PosteriorSampler
from keras_latent.typing import Tensor

_SCALE = 0.3
"""Of the likelihood at first, of standardised codes."""
_LEARNED = "of which a distribution can be learned"
_HIDDEN = 3
"""Hidden layers of each network."""


class TwoStage(NetworkSampler, PosteriorSampler):
    """A variational autoencoder of codes, with as many dimensions as they have.

        u ~ N(0, I),   z = ẑ(u) + γε,   x = D(z)

    The first model's codes may fill the space otherwise than its prior does; the second
    one's do so no more, since its codes have no dimensions too many. γ is learned.
    Where the model has a posterior, codes are drawn from it anew in each epoch. Maps
    are taken as the vectors that they hold.

    Args:
        model: A trained model whose codes are vectors or maps.
        units: Units of each of the three hidden layers of encoder and decoder, whose
            last layers see the input, too. Defaults to 1024.
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

    Source: Dai and Wipf 2019, "Diagnosing and enhancing VAE models".

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> sampler = TwoStage(model, units=8, epochs=1, verbose=0).fit(images)
    >>> sampler.sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    def __init__(
        self,
        model: Any,
        units: int = 1024,
        epochs: int = 100,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        seed: int = 0,
        checkpoint: str | os.PathLike | None = None,
        verbose: int = 1,
    ) -> None:
        super().__init__(
            model, units, epochs, batch_size, learning_rate, seed, checkpoint, verbose
        )

    def fit_posteriors(
        self, rows: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Standardise codes by one draw of each, and train on draws.

        Raises:
            ValueError: If there are fewer than two, the loss isn't finite, or the
                checkpoint is of another fit.
        """
        check_enough(rows, 2, _LEARNED)
        first = posterior_draws(self.model, rows, self.seed)
        state = self.scale_of(first)

        def codes_of(epoch: int) -> np.ndarray:
            seed = int(np.random.default_rng([self.seed, epoch, 1]).integers(2**31))
            drawn = posterior_draws(self.model, rows, seed)
            return (drawn - state["code_mean"]) / state["code_scale"]

        return state | self._trained(codes_of, rows)

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Train on the same codes in each epoch."""
        check_enough(codes, 2, _LEARNED)
        return self._trained(lambda epoch: codes, codes)

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """Decode normal draws, and draw from the likelihood."""
        stage = self.fitted_network()
        u = generator.standard_normal((n, *stage.code_shape)).astype("float32")
        seed = keras.random.SeedGenerator(int(generator.integers(2**31)))
        means = stage.decode(u)
        rows = ops.convert_to_numpy(stage.likelihood.sample(means, seed=seed))
        return rows.reshape(n, *self.model.code_shape).astype("float64")

    def density(self, codes: np.ndarray) -> np.ndarray:
        """None that is known: it is an integral over u.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "`log_prob` of TwoStage isn't known, since it is an integral over codes of "
            "codes: use `MaskedAutoregressiveFlow` or `GaussianMixture` for densities. "
            f"Received: codes of shape {codes.shape}"
        )

    def network(self, classes: int) -> VAE:
        """A new second stage."""
        size = int(np.prod(self.model.code_shape))
        return VAE(
            self._part(size, "encoder"),
            self._part(size, "decoder", outputs=size),
            # From a scale of 1, at which nothing pays off yet, codes stay unused.
            Gaussian(scale=_SCALE, learn_scale=True),
            seed=self.seed,
            name="second_stage",
        )

    def _trained(self, codes_of: Any, encoded: np.ndarray) -> dict[str, np.ndarray]:
        """The weights, trained on the codes of each epoch."""
        stage, count = self.network(classes=0), len(encoded)
        training.draw_weights(stage, np.random.default_rng(self.seed), "code_log_var")
        stage.compile(training.optimizer_for(self, count))
        rows = np.zeros(0, "float32")

        def begin_epoch(epoch: int) -> None:
            nonlocal rows
            rows = codes_of(epoch).reshape(count, -1).astype("float32")
            # Its own seeds, so that an epoch is the same after a kill.
            state = stage.noise.seed_generator.state
            state.assign(np.array([self.seed % 2**32, epoch], "uint32"))

        def step(chosen: np.ndarray, _: np.random.Generator) -> float:
            return stage.train_on_batch(rows[chosen], return_dict=True)["loss"]

        return training.trained_weights(self, stage, encoded, None, step, begin_epoch)

    def _part(self, size: int, name: str, outputs: int | None = None) -> Any:
        given = keras.Input((size,))
        hidden: Tensor = given
        for _ in range(_HIDDEN):
            hidden = layers.Dense(self.units, activation="relu")(hidden)
        hidden = layers.Concatenate()([hidden, given])
        if outputs is not None:
            hidden = layers.Dense(outputs)(hidden)
        return keras.Model(given, hidden, name=name)
