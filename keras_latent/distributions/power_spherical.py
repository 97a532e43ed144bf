"""The power spherical distribution, around a direction on the unit sphere."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops

from keras_latent.distributions.base import (
    CodeDistribution,
    check_same_shape,
    seeds_of,
    sum_over_event,
    to_float32,
)
from keras_latent.distributions.uniform_sphere import (
    UniformSphere,
    check_dimensions,
    log_area,
    unit,
)
from keras_latent.training.replicas import rowwise_gamma, rowwise_noise
from keras_latent.typing import Tensor

_LEAST_SQUARE = 1e-14
"""Squared distances to the antipode below this are taken for it by the logarithm."""


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
        # XLA has no gamma distribution: Keras then compiles without it, and says so.
        self.supports_jit = False

    def parameter_channels(self, channels: int) -> dict[str, int]:
        """A direction, and one concentration for each vector."""
        check_dimensions(channels)
        return {"mean": channels, "concentration": 1}

    def from_network(self, outputs: Sequence[Tensor]) -> SphericalParameters:
        """μ of length 1, and κ = 1 + softplus."""
        direction, concentration = outputs
        return SphericalParameters(unit(direction), 1.0 + ops.softplus(concentration))

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Log C(κ) + κ·log(½(1 + μᵀz)), summed over the vectors of a map."""
        mean, concentration = self.parameters_in(parameters)
        value = to_float32(value)
        check_same_shape(value=value, mean=mean)
        log_normaliser = _log_normaliser(concentration, value.shape[-1])
        return sum_over_event(log_normaliser + concentration * _log_half(value, mean))

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
        return _turned(z, mean)

    def mean(self, parameters: Any = None) -> Tensor:
        """The mean direction μ, which lies on the sphere; the mean doesn't."""
        return self.parameters_in(parameters).mean

    def entropy(self, parameters: Any) -> Tensor:
        """The entropy in nats, of shape (batch,)."""
        mean, concentration = self.parameters_in(parameters)
        dimensions = mean.shape[-1]
        divergence = _uniform_divergence(concentration, dimensions)
        return sum_over_event(log_area(dimensions) - divergence)

    def closed_kl(self, parameters: Any, prior: CodeDistribution) -> Tensor | None:
        """Log |S| − entropy, against the uniform distribution."""
        if type(prior) is not UniformSphere:
            return None
        mean, concentration = self.parameters_in(parameters)
        return sum_over_event(_uniform_divergence(concentration, mean.shape[-1]))


def _log_half(z: Tensor, mean: Tensor) -> Tensor:
    """Log ½(1 + μᵀz), 0 at μ; to the last digits where κ is large, near μ."""
    # ½(1 + μᵀz) is ¼‖z + μ‖² and 1 − ¼‖z − μ‖²: each is exact where it is small.
    above = 0.25 * ops.sum(ops.square(z + mean), axis=-1, keepdims=True)
    below = 0.25 * ops.sum(ops.square(z - mean), axis=-1, keepdims=True)
    is_near = below < 0.5
    near = ops.log1p(-ops.where(is_near, below, 0.0))
    # At the antipode the density is 0 and its logarithm as low as it gets.
    far = ops.log(ops.where(is_near, 1.0, ops.maximum(above, _LEAST_SQUARE)))
    return ops.where(is_near, near, far)


def _turned(z: Tensor, mean: Tensor) -> Tensor:
    """Turn or reflect so that the first axis falls on μ, by Householder's reflection.

    It sends the first axis to that of μ and −μ that is farther away, and changes the
    sign where that is −μ, so that no μ is a direction where gradients blow up or end.
    """
    pole = ops.one_hot(0, mean.shape[-1], dtype="float32")
    sign = ops.where(mean[..., :1] > 0, 1.0, -1.0)
    normal = pole + sign * mean
    scale = 2.0 / ops.sum(ops.square(normal), axis=-1, keepdims=True)
    along = ops.sum(normal * z, axis=-1, keepdims=True)
    return sign * (scale * along * normal - z)


def _log_normaliser(concentration: Tensor, dimensions: int) -> Tensor:
    """−log ∫ (½(1 + μᵀz))^κ over the sphere."""
    beta = (dimensions - 1) / 2
    constant = 2 * beta * math.log(2.0) + beta * math.log(math.pi)

    def function(kappa: Tensor) -> Tensor:
        # A difference of two large logarithms, which would lose its digits in float32.
        alpha = kappa + beta
        return tf.math.lgamma(alpha + beta) - tf.math.lgamma(alpha) - constant

    def derivative(kappa: Tensor) -> Tensor:
        alpha = kappa + beta
        return tf.math.digamma(alpha + beta) - tf.math.digamma(alpha)

    return _exact(function, derivative, concentration)


def _uniform_divergence(concentration: Tensor, dimensions: int) -> Tensor:
    """KL from the uniform distribution, of each vector."""
    beta = (dimensions - 1) / 2
    constant = 2 * beta * math.log(2.0) + beta * math.log(math.pi)
    constant -= log_area(dimensions)
    one = tf.ones((), tf.float64)

    def function(kappa: Tensor) -> Tensor:
        alpha = kappa + beta
        ratio = tf.math.lgamma(alpha + beta) - tf.math.lgamma(alpha)
        mean_log = tf.math.digamma(alpha) - tf.math.digamma(alpha + beta)
        return tf.maximum(ratio - constant + kappa * mean_log, 0.0)

    def derivative(kappa: Tensor) -> Tensor:
        alpha = kappa + beta
        slope = tf.math.polygamma(one, alpha) - tf.math.polygamma(one, alpha + beta)
        return kappa * slope

    return _exact(function, derivative, concentration)


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
