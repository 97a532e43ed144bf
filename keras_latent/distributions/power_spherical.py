"""The power spherical distribution, around a direction on the unit sphere."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_latent.distributions.around_direction import (
    AroundDirection,
    exact_in_float32,
)
from keras_latent.distributions.base import sum_over_event
from keras_latent.distributions.checks import check_same_shape
from keras_latent.distributions.uniform_sphere import log_area
from keras_latent.tensors import float32_of
from keras_latent.training.replicas import rowwise_gamma
from keras_latent.typing import Tensor

_LEAST_SQUARE = 1e-14
"""Squared distances to the antipode below this are taken for it by the logarithm."""

_FAR = 1e6
"""Concentrations by β from which on gamma functions are taken by their expansion."""


@keras.saving.register_keras_serializable(package="keras_latent")
class PowerSpherical(AroundDirection):
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

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # XLA has no gamma distribution: Keras then compiles without it, and says so.
        self.supports_jit = False

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Log C(κ) + κ·log(½(1 + μᵀz)), summed over the vectors of a map."""
        mean, concentration = self.parameters_in(parameters)
        value = float32_of("value", value)
        check_same_shape(value=value, mean=mean)
        log_normaliser = _log_normaliser(concentration, value.shape[-1])
        return sum_over_event(log_normaliser + concentration * _log_half(value, mean))

    def polar_draw(
        self, concentration: Tensor, dimensions: int, seeds: Sequence[Any]
    ) -> tuple[Tensor, Tensor]:
        """A cosine by a beta distribution, which two gamma distributions make."""
        beta = (dimensions - 1) / 2
        first = rowwise_gamma(concentration + beta, seeds[0])
        second = rowwise_gamma(ops.full_like(concentration, beta), seeds[1])
        total = first + second
        cosine = (first - second) / total
        # √(1 − t²) = 2√(ab)/(a + b), without the difference, which cancels at ±1.
        sine = 2.0 * ops.sqrt(first / total) * ops.sqrt(second / total)
        return cosine, sine

    def uniform_divergence(self, concentration: Tensor, dimensions: int) -> Tensor:
        """KL from the uniform distribution, of each vector: of the shape of κ."""
        beta = (dimensions - 1) / 2
        constant = 2 * beta * math.log(2.0) + beta * math.log(math.pi)
        constant -= log_area(dimensions)

        def function(kappa: Tensor) -> Tensor:
            log_ratio, slope, _ = _gamma_ratio(kappa + beta, beta)
            return tf.maximum(log_ratio - constant - kappa * slope, 0.0)

        def derivative(kappa: Tensor) -> Tensor:
            return -kappa * _gamma_ratio(kappa + beta, beta)[2]

        return exact_in_float32(function, derivative, concentration)


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


def _log_normaliser(concentration: Tensor, dimensions: int) -> Tensor:
    """−log ∫ (½(1 + μᵀz))^κ over the sphere."""
    beta = (dimensions - 1) / 2
    constant = 2 * beta * math.log(2.0) + beta * math.log(math.pi)

    return exact_in_float32(
        lambda kappa: _gamma_ratio(kappa + beta, beta)[0] - constant,
        lambda kappa: _gamma_ratio(kappa + beta, beta)[1],
        concentration,
    )


def _gamma_ratio(alpha: Tensor, beta: float) -> tuple[Tensor, Tensor, Tensor]:
    """Log Γ(α + β)/Γ(α) and its first two derivatives by α, in float64."""
    one = tf.ones((), tf.float64)
    near = (
        tf.math.lgamma(alpha + beta) - tf.math.lgamma(alpha),
        tf.math.digamma(alpha + beta) - tf.math.digamma(alpha),
        tf.math.polygamma(one, alpha + beta) - tf.math.polygamma(one, alpha),
    )
    # Differences of large numbers lose all their digits at last, where Stirling's
    # formula has gained them.
    bend = 0.5 * beta * (beta - 1.0)
    far = (
        beta * tf.math.log(alpha) + bend / alpha,
        beta / alpha - bend / alpha**2,
        -beta / alpha**2 + 2.0 * bend / alpha**3,
    )
    is_far = alpha > _FAR * max(1.0, beta)
    log_ratio, slope, curvature = (
        tf.where(is_far, *pair) for pair in zip(far, near, strict=True)
    )
    return log_ratio, slope, curvature
