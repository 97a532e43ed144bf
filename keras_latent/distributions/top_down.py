"""Normal distributions of several levels, each of which depends on those above."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
from keras import ops

from keras_latent.distributions.base import CodeDistribution
from keras_latent.distributions.checks import seeds_of
from keras_latent.losses import standard_normal_kl
from keras_latent.tensors import float32_of
from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integers

_LIMIT = 10.0
"""Logarithms of variances, and their differences, are clipped to [-10, 10]."""


class TopDownParameters(NamedTuple):
    """Those of a `TopDownPosterior`.

    Args:
        context: What the encoder says to all levels, of shape (batch, width).
    """

    context: Tensor


def level_sizes(sizes: Any, code_shape: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of levels that make up a code, top-down.

    Args:
        sizes: What was given for them; `None` for a top of a third of the code, and the
            rest.
        code_shape: The shape of the code that the decoder takes.

    Raises:
        ValueError: If they don't add up to it, or it is a map.
    """
    if len(code_shape) != 1:
        raise ValueError(
            "`decoder` must take a vector, of which the levels are parts. "
            f"Received: a decoder of codes of shape {code_shape}"
        )
    (length,) = code_shape
    if sizes is None:
        top = max(length // 3, 1)
        return (top, length - top) if length > top else (top,)
    sizes = checked_positive_integers("code_sizes", sizes, "one for each level")
    if sum(sizes) != length:
        raise ValueError(
            f"`code_sizes` must add up to the {length} elements of the code that "
            f"`decoder` takes. Received: code_sizes={sizes}"
        )
    return sizes


class TopDownPrior(CodeDistribution):
    """Levels z = [z₁; …; z_L], each normal given those above it.

        p(z) = N(z₁; 0, I)·Πₗ N(zₗ; μₗ(z₁…zₗ₋₁), σₗ²(z₁…zₗ₋₁))

    Args:
        sizes: Number of elements of each level, top-down.
        width: Units of the hidden layer of each level.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Vahdat and Kautz 2020, section 3.
    """

    def __init__(self, sizes: Sequence[int], width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sizes = tuple(sizes)
        self.starts = [sum(self.sizes[:level]) for level in range(len(self.sizes))]
        self.networks = [
            _prior_network(start, width, size, f"prior_{level + 1}")
            for level, (start, size) in enumerate(
                zip(self.starts, self.sizes, strict=True)
            )
            if start
        ]
        self.built = True

    def level(self, index: int, above: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of a level, given those above.

        Those of the first level are 0, as numbers.

        Args:
            index: The level, from 0 on.
            above: The levels above it, of shape (batch, start of the level).
        """
        if index == 0:
            return 0.0, 0.0
        mean, log_var = ops.split(self.networks[index - 1](above), 2, axis=-1)
        return mean, ops.clip(log_var, -_LIMIT, _LIMIT)

    def parts(self, value: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Each level's number, the levels above it, and itself."""
        for index, (start, size) in enumerate(
            zip(self.starts, self.sizes, strict=True)
        ):
            yield index, value[:, :start], value[:, start : start + size]

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Σₗ log N(zₗ; μₗ, σₗ²)."""
        value = float32_of("value", value)
        return sum(
            _log_normal(own, *self.level(index, above))
            for index, above, own in self.parts(value)
        )

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """Ancestral: each level is drawn given those above."""
        z = ops.zeros((shape[0], 0), dtype="float32")
        seeds = seeds_of(seed, len(self.sizes))
        for index, size in enumerate(self.sizes):
            mean, log_var = self.level(index, z)
            noise = keras.random.normal(
                (shape[0], size), dtype="float32", seed=seeds[index]
            )
            z = ops.concatenate([z, mean + ops.exp(0.5 * log_var) * noise], axis=-1)
        return z

    def mean(self, parameters: Any = None) -> Tensor:
        """0, the mean of the first level."""
        return 0.0


class TopDownPosterior(CodeDistribution):
    """The same levels given an observation, each relative to its prior.

        q(zₗ|z₁…zₗ₋₁, x) = N(μₗ + Δμₗ, (σₗ·Δσₗ)²)

    Args:
        prior: The `TopDownPrior` whose μₗ and σₗ these are.
        width: Units of the context.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Vahdat and Kautz 2020, equation 3.
    """

    def __init__(self, prior: TopDownPrior, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prior = prior
        self.width = width
        self.networks = [
            _posterior_network(width + start, size, f"posterior_{level + 1}")
            for level, (start, size) in enumerate(
                zip(prior.starts, prior.sizes, strict=True)
            )
        ]
        self.built = True

    def parameter_channels(self, channels: int) -> dict[str, int]:
        """A context for all levels."""
        return {"context": self.width}

    def from_network(self, outputs: Sequence[Tensor]) -> TopDownParameters:
        """The context as it is."""
        return TopDownParameters(*outputs)

    def difference(
        self, index: int, above: Tensor, parameters: TopDownParameters
    ) -> tuple[Tensor, Tensor]:
        """Δμ and log Δσ² of a level, given those above."""
        told = ops.concatenate([parameters.context, above], axis=-1)
        mean, log_var = ops.split(self.networks[index](told), 2, axis=-1)
        return mean, ops.clip(log_var, -_LIMIT, _LIMIT)

    def _level(
        self, index: int, above: Tensor, parameters: TopDownParameters
    ) -> tuple[Tensor, Tensor]:
        mean, log_var = self.prior.level(index, above)
        further, wider = self.difference(index, above, parameters)
        return mean + further, log_var + wider

    def _top_down(
        self, parameters: TopDownParameters, drawn: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        z = parameters.context[:, :0]
        for index in range(len(self.prior.sizes)):
            own = drawn(*self._level(index, z, parameters))
            z = ops.concatenate([z, own], axis=-1)
        return z

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Σₗ log q(zₗ|z₁…zₗ₋₁, x)."""
        parameters, value = self.parameters_in(parameters), float32_of("value", value)
        return sum(
            _log_normal(own, *self._level(index, above, parameters))
            for index, above, own in self.prior.parts(value)
        )

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """Ancestral: each level is drawn given those above."""
        seeds = iter(seeds_of(seed, len(self.prior.sizes)))

        def drawn(mean: Tensor, log_var: Tensor) -> Tensor:
            own = next(seeds)
            noise = rowwise_noise(
                lambda shape: keras.random.normal(shape, dtype="float32", seed=own),
                mean,
            )
            return mean + ops.exp(0.5 * log_var) * noise

        return self._top_down(self.parameters_in(parameters), drawn)

    def mean(self, parameters: Any = None) -> Tensor:
        """The mean of each level given the means of those above."""
        return self._top_down(
            self.parameters_in(parameters), lambda mean, log_var: mean
        )

    def kl_by_level(self, parameters: TopDownParameters, z: Tensor) -> list[Tensor]:
        """KL(q(zₗ|…, x) ‖ p(zₗ|…)) given a draw of the levels above, (batch,) each.

        ½ Σ [Δμ²/σₗ² + Δσ² − 1 − log Δσ²]
        """
        divergences = []
        for index, above, _ in self.prior.parts(z):
            _, log_var = self.prior.level(index, above)
            further, wider = self.difference(index, above, parameters)
            scaled = further * ops.exp(-0.5 * log_var)
            divergences.append(ops.sum(standard_normal_kl(scaled, wider), axis=-1))
        return divergences


def _prior_network(taken: int, width: int, size: int, name: str) -> keras.Model:
    """A hidden layer, and the mean and the logarithm of the variance of a level.

    It begins at N(0, I): what a level means is learned from observations first, not
    from the noise of those above.
    """
    return keras.Sequential(
        [
            keras.Input((taken,)),
            keras.layers.Dense(width, activation="silu", dtype="float32"),
            keras.layers.Dense(2 * size, kernel_initializer="zeros", dtype="float32"),
        ],
        name=name,
    )


def _posterior_network(taken: int, size: int, name: str) -> keras.Model:
    """The differences of a level, linear: a hidden layer lets the levels collapse."""
    return keras.Sequential(
        [keras.Input((taken,)), keras.layers.Dense(2 * size, dtype="float32")],
        name=name,
    )


def _log_normal(value: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    squares = ops.square(value - mean) * ops.exp(-log_var)
    return -0.5 * ops.sum(squares + log_var + math.log(2 * math.pi), axis=-1)
