"""The power spherical distribution, around a direction on the unit sphere."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops

from keras_latent.distributions.base import CodeDistribution, seeds_of, sum_over_event
from keras_latent.distributions.uniform_sphere import (
    UniformSphere,
    check_dimensions,
    log_area,
    unit,
)
from keras_latent.training.replicas import rowwise_gamma, rowwise_noise
from keras_latent.typing import Tensor

_LEAST = 1e-12
"""Squared lengths below this are taken for 0 by what divides by a length."""


class SphericalParameters(NamedTuple):
    """Those of a distribution around a direction.

    Args:
        mean: Directions μ of length 1 along the last axis, of shape (batch,
            *code_shape).
        concentration: κ ≥ 0 of each vector, of shape (batch, *code_shape[:-1], 1).
    """

    mean: Tensor
    concentration: Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class PowerSpherical(CodeDistribution):
    """Vectors z of length 1 around a direction μ, with a concentration κ.

        p(z) ∝ (1 + μᵀz)^κ

    It behaves as a von Mises-Fisher distribution does, and can be drawn from without
    rejection, with exact gradients. A code that is a map holds one such vector at each
    position. A network gives a direction of any length, and κ = 1 + softplus of one
    number for each vector.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: De Cao and Aziz 2020, equations 8 to 13 and algorithm 1.

    >>> posterior = PowerSpherical()
    >>> posterior.parameters_shape((3,))
    (4,)
    >>> z = posterior.sample(ops.ones((2, 4)), seed=0)
    >>> print([f"{length:.3f}" for length in ops.norm(z, axis=-1)])
    ['1.000', '1.000']
    """

    space = "sphere"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    def parameter_channels(self, channels: int) -> dict[str, int]:
        """A direction, and one concentration for each vector."""
        check_dimensions(channels)
        return {"mean": channels, "concentration": 1}

    def from_network(self, outputs: Sequence[Tensor]) -> SphericalParameters:
        """μ of length 1, and κ = 1 + softplus."""
        direction, concentration = outputs
        return SphericalParameters(unit(direction), 1.0 + ops.softplus(concentration))

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Log C(κ) + κ·log(1 + μᵀz), summed over the vectors of a map."""
        mean, concentration = self.parameters_in(parameters)
        cosine = ops.sum(mean * value, axis=-1, keepdims=True)
        # At the antipode of μ the density is 0 and its logarithm as low as it gets.
        log_power = ops.log1p(ops.maximum(cosine, -1.0 + 1e-7))
        log_normaliser = self._log_normaliser(concentration, value.shape[-1])
        return sum_over_event(log_normaliser + concentration * log_power)

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """A draw: its cosine to μ by a beta distribution, the rest uniform around."""
        mean, concentration = self.parameters_in(parameters)
        dimensions = mean.shape[-1]
        beta = (dimensions - 1) / 2
        seeds = seeds_of(seed, 3)
        first = rowwise_gamma(concentration + beta, seeds[0])
        second = rowwise_gamma(ops.full_like(concentration, beta), seeds[1])
        total = first + second
        cosine = (first - second) / total
        # √(1 − t²) = 2√(ab)/(a + b), without the difference, which cancels at ±1.
        sine = 2.0 * ops.sqrt(first / total) * ops.sqrt(second / total)
        around = unit(
            rowwise_noise(
                lambda shape: keras.random.normal(
                    shape, dtype="float32", seed=seeds[2]
                ),
                mean[..., 1:],
            )
        )
        z = ops.concatenate([cosine, sine * around], axis=-1)
        return _reflected(z, mean)

    def mean(self, parameters: Any = None) -> Tensor:
        """The mean direction μ, which lies on the sphere; the mean doesn't."""
        return self.parameters_in(parameters).mean

    def entropy(self, parameters: Any) -> Tensor:
        """The entropy in nats, of shape (batch,)."""
        mean, concentration = self.parameters_in(parameters)
        return sum_over_event(self._entropy(concentration, mean.shape[-1]))

    def closed_kl(self, parameters: Any, prior: CodeDistribution) -> Tensor | None:
        """Log |S| − entropy, against the uniform distribution."""
        if type(prior) is not UniformSphere:
            return None
        mean, concentration = self.parameters_in(parameters)
        dimensions = mean.shape[-1]
        entropy = self._entropy(concentration, dimensions)
        return sum_over_event(log_area(dimensions) - entropy)

    def _log_normaliser(self, concentration: Tensor, dimensions: int) -> Tensor:
        """−log ∫ (1 + μᵀz)^κ over the sphere."""
        beta = (dimensions - 1) / 2
        alpha = beta + concentration
        # Γ(α + β)/Γ(α) as a difference of two large logarithms would lose its digits.
        ratio = _log_gamma_ratio(alpha, beta)
        return ratio - (alpha + beta) * math.log(2.0) - beta * math.log(math.pi)

    def _entropy(self, concentration: Tensor, dimensions: int) -> Tensor:
        beta = (dimensions - 1) / 2
        alpha = beta + concentration
        mean_log_power = math.log(2.0) - _digamma_difference(alpha, beta)
        log_normaliser = self._log_normaliser(concentration, dimensions)
        return -(log_normaliser + concentration * mean_log_power)


def _reflected(z: Tensor, mean: Tensor) -> Tensor:
    """Reflect so that the first axis falls on μ: Householder's reflection."""
    pole = ops.one_hot(0, mean.shape[-1], dtype="float32")
    difference = pole - mean
    squared = ops.sum(ops.square(difference), axis=-1, keepdims=True)
    # Where μ is the pole already there is nothing to reflect.
    is_apart = squared > _LEAST
    scale = ops.where(is_apart, 2.0 / ops.where(is_apart, squared, 1.0), 0.0)
    return z - scale * ops.sum(difference * z, axis=-1, keepdims=True) * difference


def _log_gamma_ratio(alpha: Tensor, beta: float) -> Tensor:
    """Log Γ(α + β) − log Γ(α), to the last digits also for large α."""
    return _exact(
        lambda a: tf.math.lgamma(a + beta) - tf.math.lgamma(a),
        lambda a: tf.math.digamma(a + beta) - tf.math.digamma(a),
        alpha,
    )


def _digamma_difference(alpha: Tensor, beta: float) -> Tensor:
    """ψ(α + β) − ψ(α)."""
    one = tf.ones((), tf.float64)
    return _exact(
        lambda a: tf.math.digamma(a + beta) - tf.math.digamma(a),
        lambda a: tf.math.polygamma(one, a + beta) - tf.math.polygamma(one, a),
        alpha,
    )


def _exact(function: Any, derivative: Any, x: Tensor) -> Tensor:
    """A function and its derivative in float64, of a float32 tensor.

    The derivative is given because that of TensorFlow's would not be of this precision.
    """

    @tf.custom_gradient
    def exact(x: Tensor) -> tuple[Tensor, Any]:
        wide = tf.cast(x, tf.float64)

        def gradient(upstream: Tensor) -> Tensor:
            return upstream * tf.cast(derivative(wide), tf.float32)

        return tf.cast(function(wide), tf.float32), gradient

    return exact(tf.convert_to_tensor(x))
