"""The family of models whose code has a posterior distribution."""

import functools
import operator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_latent.graph import compiled
from keras_latent.layers import StandardNormal
from keras_latent.models.latent_model import LatentModel
from keras_latent.typing import Observation, Tensor
from keras_latent.validation import check_positive_integer

LOG_VAR_LIMIT = 20.0
"""Logarithms of variances are clipped to [-20, 20], so that no variance overflows."""


class Posterior(NamedTuple):
    """A normal distribution q(z|x) with independent dimensions.

    Args:
        mean: Means μ of shape (batch, latent_dim).
        log_var: Logarithms of the variances σ², of the same shape, in [-20, 20].
    """

    mean: Tensor
    log_var: Tensor


class VariationalModel(LatentModel):
    """Base of the models with a normal posterior q(z|x) and the prior p(z) = N(0, I).

    Args:
        encoder: As for `LatentModel`.
        decoder: As for `LatentModel`.
        likelihood: As for `LatentModel`.
        seed: Seed of the posterior's noise. Defaults to `None`: drawn by Python's
            `random`, which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the model.

    Attributes:
        code_mean: The `Dense` layer from features to the posterior's means.
        code_log_var: The `Dense` layer from features to the logarithms of its
            variances.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.noise = StandardNormal(seed)

    def create_code(self, feature_size: int) -> None:
        """Create the layers `code_mean` and `code_log_var`."""
        self.code_mean = keras.layers.Dense(
            self.latent_dim, dtype="float32", name="code_mean"
        )
        self.code_log_var = keras.layers.Dense(
            self.latent_dim, dtype="float32", name="code_log_var"
        )
        self.code_mean.build((None, feature_size))
        self.code_log_var.build((None, feature_size))

    def code_from(self, features: Tensor, sample: bool = False) -> Tensor:
        """The posterior's mean, or a draw from the posterior."""
        if sample:
            return self.draw(self.posterior_from(features))
        return self.code_mean(features)

    def posterior_from(self, features: Tensor) -> Posterior:
        """The posterior that belongs to features of shape (batch, feature_size)."""
        log_var = ops.clip(self.code_log_var(features), -LOG_VAR_LIMIT, LOG_VAR_LIMIT)
        return Posterior(self.code_mean(features), log_var)

    def posterior(self, x: Observation, training: bool = False) -> Posterior:
        """The posterior q(z|x) of observations of shape (batch, ...)."""
        return self.posterior_from(self.features(x, training))

    def draw(self, posterior: Posterior) -> Tensor:
        """Draw z = μ + σε with ε ~ N(0, I), of shape (batch, latent_dim)."""
        scale = ops.exp(0.5 * posterior.log_var)
        return posterior.mean + scale * self.noise(posterior.mean)

    def sample(self, n: int, seed: int | None = None) -> Observation:
        """Generate: draw codes from the prior and decode them.

        Args:
            n: Number of observations.
            seed: Seed of the draw. Defaults to `None`: the model's own generator,
                another draw each time.

        Returns:
            Means of the observation, of shape (n, ...).

        Raises:
            ValueError: If `n` is not a positive integer.
        """
        check_positive_integer("n", n)
        generator = self.noise.seed_generator if seed is None else seed
        z = keras.random.normal((n, self.latent_dim), dtype="float32", seed=generator)
        return self.decode(z)

    def log_likelihood(
        self,
        x: Observation,
        num_samples: int = 1000,
        batch_size: int = 500,
        seed: int = 0,
    ) -> np.ndarray:
        """Estimate log p(x) by importance sampling with the posterior as the proposal.

            log p(x) ≈ log 1/K Σₖ p(x|zₖ) p(zₖ) / q(zₖ|x),   zₖ ~ q(z|x)

        The estimate is too low on average, and the less so the larger K is.

        Args:
            x: Observations of shape (batch, ...), or a dict of them.
            num_samples: Number K of samples for each example. Defaults to 1000.
            batch_size: Number of examples that are worked on at once. Defaults to 500.
            seed: Seed of the samples. Defaults to 0.

        Returns:
            log p(x) in nats, of shape (batch,).

        Raises:
            ValueError: If the likelihood is no density at `x`, such as the Bernoulli
                likelihood on grey values, or a number is not positive.

        Source: Burda, Grosse and Salakhutdinov 2015, equation 8.
        """
        check_positive_integer("num_samples", num_samples)
        check_positive_integer("batch_size", batch_size)
        self.check_observation(x)
        self.likelihood.check_normalised(x)
        generator = keras.random.SeedGenerator(seed)

        def log_weight(x: Observation, mean: Tensor, log_var: Tensor) -> Tensor:
            """The log of p(x|z) p(z) / q(z|x) for one draw of z, of shape (batch,)."""
            noise = keras.random.normal(
                ops.shape(mean), dtype="float32", seed=generator
            )
            z = mean + ops.exp(0.5 * log_var) * noise
            # In log p(z) − log q(z|x) the normalising constants cancel.
            log_ratio = ops.square(noise) + log_var - ops.square(z)
            log_prob = self.likelihood.log_prob(x, self.decoder_output(z))
            return log_prob + 0.5 * ops.sum(log_ratio, axis=-1)

        log_weight = compiled(log_weight)
        x = keras.tree.map_structure(functools.partial(ops.cast, dtype="float32"), x)
        estimates = []
        for start in range(0, len(keras.tree.flatten(x)[0]), batch_size):
            rows = operator.itemgetter(slice(start, start + batch_size))
            batch = keras.tree.map_structure(rows, x)
            posterior = self.posterior(batch)
            total = -np.inf
            for _ in range(num_samples):
                weight = ops.convert_to_numpy(log_weight(batch, *posterior))
                total = np.logaddexp(total, weight.astype("float64"))
            estimates.append(total - np.log(num_samples))
        return np.concatenate(estimates)
