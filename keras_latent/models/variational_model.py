"""The family of models whose code has a posterior distribution and a prior."""

from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_latent import distributions
from keras_latent.graph import compiled
from keras_latent.layers import StandardNormal
from keras_latent.models import memory, specs
from keras_latent.models.conditions import check_all_are_told
from keras_latent.models.latent_model import LatentModel
from keras_latent.models.streaming import streamed
from keras_latent.training.data import as_arrays
from keras_latent.typing import Tensor
from keras_latent.validation import (
    checked_optional_seed,
    checked_positive_integer,
    checked_seed,
)

_LARGEST_DECODED = 4096
"""Rows that `log_likelihood` decodes at once, of all samples together."""

_NUMBERS_DECODED = 2**22
"""Numbers in these rows at most: rows of large images are fewer."""


class _Drawn(NamedTuple):
    z: Tensor
    q: Any


class Latent(_Drawn):
    """What is inferred of observations.

    Args:
        z: A draw from q(z|x), of shape (batch, *code_shape), or K draws of each, of
            shape (batch, K, *code_shape).
        q: The parameters of q(z|x), of shape (batch, ...).

    Attributes:
        log_q: Log q(z|x) of each draw, of shape (batch,) or (batch, K), where the draw
            has brought it along; `None` where it follows from z and q.
    """

    log_q: Tensor | None = None


class VariationalModel(LatentModel):
    """Base of the models with a posterior q(z|x) and a prior p(z).

    Args:
        encoder: As for `LatentModel`.
        decoder: As for `LatentModel`.
        likelihood: As for `LatentModel`. Defaults to `"bernoulli"`.
        posterior: q(z|x), a name or an object of `keras_latent.distributions`. Defaults
            to `"normal"`: independent elements.
        prior: p(z), likewise. Defaults to `"normal"`: N(0, I).
        seed: Seed of the posterior's draws in training. Defaults to `None`: drawn by
            Python's `random`, which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the model.

    Attributes:
        code_mean: The layer from features to the posterior's means; of each further
            parameter there is such a layer, as `code_log_var`.

    Raises:
        ValueError: If posterior and prior live on different spaces.
    """

    has_prior = True
    guesses_conditions: ClassVar[bool] = False
    """Whether a class that is missing becomes the likeliest."""

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: Any = "bernoulli",
        posterior: Any = "normal",
        prior: Any = "normal",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        given = {"posterior": posterior, "prior": prior}
        posterior = distributions.get("posterior", posterior)
        prior = distributions.get("prior", prior)
        distributions.check_pair(posterior, prior)
        # The layers of the code are made for it.
        self._posterior_of_code = posterior
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.posterior = posterior
        self.prior = prior
        for name, named in given.items():
            self.remember_given(name, named, getattr(self, name))
        self.seed = checked_optional_seed(seed)
        self.noise = StandardNormal(seed)
        posterior.build_as_posterior(self.code_shape)
        prior.build_for(self)

    def code_channels(self) -> dict[str, int]:
        """A layer `code_<name>` for each parameter of the posterior."""
        channels = self._posterior_of_code.parameter_channels(self.code_shape[-1])
        return {f"code_{name}": size for name, size in channels.items()}

    def parameters_from(self, features: Tensor) -> Any:
        """The posterior's parameters of features."""
        outputs = [getattr(self, name)(features) for name in self.code_channels()]
        return self.posterior.from_network(outputs)

    def code_from(self, features: Tensor, sample: bool = False) -> Tensor:
        """The posterior's mean, or a draw from the posterior."""
        parameters = self.parameters_from(features)
        if sample:
            return self.posterior.sample(parameters)
        return self.posterior.mean(parameters)

    def posterior_parameters(self, x: Any, training: bool = False) -> Any:
        """The parameters of q(z|x), such as (mean, log_var), of shape (batch, ...)."""
        return self.parameters_from(self.features(x, training))

    def posteriors(self, x: Any, y: Any = None, batch_size: int | None = None) -> Any:
        """The parameters of q(z|x) of many observations, batch by batch.

        Args:
            x: Observations, as for `encode`.
            y: The condition of each, of conditional models alone.
            batch_size: As for `encode`. Defaults to `None`: 256.

        Returns:
            The parameters, such as the pair of mean and log-variance, of shape
            (count, ...), as NumPy arrays, or as tensors of a tensor.
        """
        return self._streamed(self.posterior_parameters, x, y, batch_size)

    def check_rows(self, rows: int) -> None:
        """Refuse draws that memory can't hold, and more rows than the training has."""
        if self.needs_dataset_size is not None:
            size = getattr(self, self.needs_dataset_size)
            if rows > size:
                raise ValueError(
                    f"`{self.needs_dataset_size}` must be at least the {rows} rows of "
                    f"a batch. Received: {self.needs_dataset_size}={size}"
                )
        numbers = {
            name: getattr(self, name)
            for name in ("num_bounds", "num_samples")
            if hasattr(self, name)
        }
        if numbers:
            memory.check_draws(self.decoder_spec.observation, rows, **numbers)

    def infer(self, x: Any, training: bool, num_samples: int | None = None) -> Latent:
        """Infer q(z|x) and draw from it.

        Args:
            x: What is encoded, of shape (batch, ...).
            training: Whether layers behave as in training.
            num_samples: Number K of draws for each row. Defaults to `None`: one, in an
                array without an axis for them.

        """
        return self.drawn(self.posterior_parameters(x, training), num_samples)

    def draw(self, q: Any, num_samples: int | None = None) -> Tensor:
        """Draw z ~ q, of shape (batch, *code_shape), or (batch, K, *code_shape)."""
        return self.drawn(q, num_samples).z

    def drawn(self, q: Any, num_samples: int | None = None, seed: Any = None) -> Latent:
        """Draw z ~ q, with its density where the draw brings it along.

        Args:
            q: The parameters of q(z|x), of shape (batch, ...).
            num_samples: As of `infer`.
            seed: A `keras.random.SeedGenerator`. Defaults to `None`: that of training.
        """
        seed = self.noise.seed_generator if seed is None else seed
        rows = q if num_samples is None else self._for_draws(q, num_samples)
        z, log_q = self.posterior.sample_with_log_prob(rows, seed=seed)
        if num_samples is not None:
            z = ops.reshape(z, (-1, num_samples, *self.code_shape))
            log_q = None if log_q is None else ops.reshape(log_q, (-1, num_samples))
        latent = Latent(z, q)
        latent.log_q = log_q
        return latent

    def kl(self, latent: Latent) -> Tensor:
        """KL(q(z|x) ‖ p(z)) in nats, (batch,); at the draw if no formula is known."""
        if latent.log_q is None:
            return self.posterior.kl(latent.q, self.prior, latent.z)
        closed = self.posterior.closed_kl(latent.q, self.prior)
        return self.log_ratio(latent) if closed is None else closed

    def log_posterior(self, latent: Latent) -> Tensor:
        """Log q(z|x) of one draw for each row, of shape (batch,)."""
        if latent.log_q is not None:
            return latent.log_q
        return self.posterior.log_prob(latent.z, latent.q)

    def log_ratio(self, latent: Latent) -> Tensor:
        """Log q(z|x) − log p(z) at each draw, of shape (batch,) or (batch, K)."""
        draws = specs.draws_in(latent.z, self.code_shape)
        if latent.log_q is not None:
            log_p = self.prior.log_prob(ops.reshape(latent.z, (-1, *self.code_shape)))
            return latent.log_q - ops.reshape(log_p, ops.shape(latent.log_q))
        if draws is None:
            return self.posterior.log_ratio(latent.q, self.prior, latent.z)
        z = ops.reshape(latent.z, (-1, *self.code_shape))
        q = self._for_draws(latent.q, draws)
        ratio = self.posterior.log_ratio(q, self.prior, z)
        return ops.reshape(ratio, (-1, draws))

    def kl_by_element(self, x: Any, y: Any = None) -> np.ndarray | None:
        """KL(q(z|x) ‖ p(z)) of each element of the code.

        Args:
            x: Observations, as for `encode`.
            y: The condition of each, of conditional models alone.

        Returns:
            Nats of shape (count, *code_shape); `None` where the divergence is none of
            the elements, but of the whole code.
        """
        if not self.splits_divergence():
            return None

        def divergence(x: Any) -> Tensor:
            q = self.posterior_parameters(x)
            return self.posterior.kl_by_element(q, self.prior)

        return self._streamed(divergence, x, y, None)

    def splits_divergence(self) -> bool:
        """Whether KL(q ‖ p) is known as the sum of those of the code's elements."""
        q = self._example_parameters()
        return self.posterior.kl_by_element(q, self.prior) is not None

    def knows_divergence(self) -> bool:
        """Whether KL(q ‖ p) is known in closed form, and not estimated by a draw."""
        return (
            self.posterior.closed_kl(self._example_parameters(), self.prior) is not None
        )

    def _example_parameters(self) -> Any:
        channels = self.posterior.parameter_channels(self.code_shape[-1])
        outputs = [
            ops.zeros((1, *self.code_shape[:-1], size), "float32")
            for size in channels.values()
        ]
        return self.posterior.from_network(outputs)

    def _for_draws(self, q: Any, draws: int) -> Any:
        repeated = [specs.repeated(parameter, draws) for parameter in q]
        return type(q)(*repeated)

    def elbo(
        self, x: Any, y: Any = None, batch_size: int | None = None, seed: int = 0
    ) -> np.ndarray:
        """Estimate the evidence lower bound of each observation, from one draw.

            log p(x|z) − KL(q(z|x) ‖ p(z)),   z ~ q(z|x)

        Args:
            x: Observations, as for `encode`.
            y: The condition of each, of conditional models alone; of a class that is
                missing, -1, the one that the model takes for the likeliest.
            batch_size: As for `encode`. Defaults to `None`: 256.
            seed: Seed of the draws. Defaults to 0.

        Returns:
            Nats of shape (count,): on average below log p(x), where the likelihood is
            a density of such observations.

        Raises:
            ValueError: If shape or range are not those that `fit` takes.

        Source: Kingma and Welling 2013, equation 3.
        """
        generator = keras.random.SeedGenerator(checked_seed(seed))

        def bound(x: Any) -> Tensor:
            q = self.posterior_parameters(x)
            z = self.posterior.sample(q, seed=generator)
            return self.log_prob(x, z) - self.kl(Latent(z, q))

        return np.asarray(self._streamed(bound, x, y, batch_size), "float64")

    def _rows_decoded_at_once(self) -> int:
        specs = keras.tree.flatten(self.decoder_spec.observation)
        numbers = sum(int(np.prod(spec.shape[1:])) for spec in specs)
        return max(1, min(_LARGEST_DECODED, _NUMBERS_DECODED // numbers))

    def log_likelihood(
        self,
        x: Any,
        num_samples: int = 1000,
        batch_size: int = 500,
        seed: int = 0,
        y: Any = None,
    ) -> np.ndarray:
        """Estimate log p(x) by importance sampling with the posterior as the proposal.

            log p(x) ≈ log 1/K Σₖ p(x|zₖ) p(zₖ) / q(zₖ|x),   zₖ ~ q(z|x)

        The estimate is too low on average, and the less so the larger K is.

        Args:
            x: Observations of shape (batch, ...), or a dict of them.
            num_samples: Number K of samples for each example. Defaults to 1000.
            batch_size: Number of examples that are worked on at once; of large images
                at most as many as hold 4 million numbers. Defaults to 500.
            seed: Seed of the samples. Defaults to 0.
            y: The condition of each, of conditional models alone: log p(x|y) then. A
                class that is missing, -1, can't be guessed here: log p(x) is the
                logsumexp over all classes less the logarithm of their number.

        Returns:
            log p(x) in nats, of shape (batch,).

        Raises:
            ValueError: If the likelihood is no density at `x`, such as the Bernoulli
                likelihood on grey values, posterior or prior has none, a class is
                missing of a model that would guess it, a number is not positive, or
                the draws of one example would fill the memory.

        Source: Burda, Grosse and Salakhutdinov 2015, equation 8.
        """
        num_samples = checked_positive_integer("num_samples", num_samples)
        batch_size = checked_positive_integer("batch_size", batch_size)
        for argument in ("posterior", "prior"):
            distribution = getattr(self, argument)
            if not distribution.has_density:
                raise ValueError(
                    f"`log_likelihood` needs a {argument} with a density, which weighs "
                    "the draws: compare reconstructions or samples instead, see "
                    "`kl.metrics`. "
                    f"Received: {argument}={distribution.name!r}, which has none"
                )
        x = as_arrays(self, {"x": x})["x"]
        x = self.given_observation(x, y)
        self.check_observation(x)
        if self.guesses_conditions:
            check_all_are_told(x["y"])
        self.likelihood.check_normalised(self.target(x))
        memory.check_draws(self.target(x), 1, num_samples=num_samples)
        generator = keras.random.SeedGenerator(checked_seed(seed))
        rows = self._rows_decoded_at_once()
        batch_size = min(batch_size, rows)
        most = max(1, rows // batch_size)
        chunks = [min(most, num_samples - k) for k in range(0, num_samples, most)]
        full, last = len(chunks) - 1, chunks[-1]

        def log_weights(x: Any, q: Any, draws: int) -> Tensor:
            """Log of the sum of p(x|z) p(z) / q(z|x) over some draws, (batch,)."""
            latent = self.drawn(q, draws, generator)
            log_weight = self.log_prob(x, latent.z) - self.log_ratio(latent)
            return ops.logsumexp(log_weight, axis=1)

        @compiled
        def estimate(x: Any) -> Tensor:
            q = self.posterior_parameters(x)
            total = log_weights(x, q, last)

            def step(_: Any, total: Tensor) -> Tensor:
                return ops.logaddexp(total, log_weights(x, q, most))

            total = ops.fori_loop(0, full, step, total)
            return total - np.log(num_samples)

        floats = keras.tree.map_structure(
            lambda column: (
                ops.cast(column, "float32")
                if np.asarray(column).dtype.kind == "f"
                else column
            ),
            x,
        )
        return np.asarray(streamed(estimate, floats, batch_size), "float64")
