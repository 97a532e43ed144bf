"""The von Mises-Fisher distribution, around a direction on the unit sphere."""

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
from keras_latent.distributions.polar_angle import angle, quantile
from keras_latent.distributions.uniform_sphere import log_area
from keras_latent.tensors import float32_of
from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor

_SERIES_BELOW = 0.02
"""Concentrations under which the divergence is a power series, exact to float32."""

_HALF_A_STEP = 2.0**-25
"""Uniform draws are moved so far up, which keeps them away from 0."""


@keras.saving.register_keras_serializable(package="keras_latent")
class VonMisesFisher(AroundDirection):
    """Vectors z of length 1 around a direction μ, with a concentration κ.

        p(z) ∝ exp(κ μᵀz)

    It is what a normal distribution is on the sphere. A draw's angle to μ is the
    quantile of a uniform number, without rejection, and its derivative by κ the exact
    one. A code that is a map holds one such vector at each position. A network gives a
    direction of any length, and κ = 1 + softplus of one number for each vector.

    Normaliser, divergence and quantiles are integrals over one angle, taken in float64
    for any κ. `PowerSpherical` behaves alike and is cheaper.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Davidson et al. 2018, sections 3.2 and 3.3; Figurnov, Mohamed and Mnih 2018,
    equation 8, on the implicit derivative.

    >>> posterior = VonMisesFisher()
    >>> posterior.parameters_shape((3,))
    (4,)
    >>> z = posterior.sample(ops.ones((2, 4)), seed=0)
    >>> print([f"{length:.3f}" for length in ops.norm(z, axis=-1)])
    ['1.000', '1.000']
    """

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Log C(κ) + κμᵀz, summed over the vectors of a map."""
        mean, concentration = self.parameters_in(parameters)
        value = float32_of("value", value)
        check_same_shape(value=value, mean=mean)
        # κ(μᵀz − 1), of which float32 keeps more digits.
        apart = 0.5 * ops.sum(ops.square(value - mean), axis=-1, keepdims=True)
        log_integral = _log_integral(concentration, value.shape[-1])
        return sum_over_event(-concentration * apart - log_integral)

    def polar_draw(
        self, concentration: Tensor, dimensions: int, seeds: Sequence[Any]
    ) -> tuple[Tensor, Tensor]:
        """The quantile of a uniform number."""
        share = rowwise_noise(
            lambda shape: keras.random.uniform(shape, dtype="float32", seed=seeds[0]),
            concentration,
        )
        share = ops.minimum(share + _HALF_A_STEP, 1.0 - _HALF_A_STEP)
        theta = quantile(share, concentration, dimensions)
        return ops.cos(theta), ops.sin(theta)

    def uniform_divergence(self, concentration: Tensor, dimensions: int) -> Tensor:
        """KL from the uniform distribution, of each vector: of the shape of κ."""

        def function(kappa: Tensor) -> Tensor:
            law = angle(kappa, dimensions)
            log_integral = log_area(dimensions - 1) + law.log_integral
            divergence = log_area(dimensions) - log_integral - kappa * law.drop
            # Of near 0 the digits of a difference are lost.
            square = kappa**2 / dimensions
            series = 0.5 * square - 0.75 * square**2 / (dimensions + 2)
            return tf.where(kappa < _SERIES_BELOW, series, divergence)

        def derivative(kappa: Tensor) -> Tensor:
            return kappa * angle(kappa, dimensions).variance

        return exact_in_float32(function, derivative, concentration)


def _log_integral(concentration: Tensor, dimensions: int) -> Tensor:
    """Log ∫ exp(κ(μᵀz − 1)) over the sphere."""
    constant = log_area(dimensions - 1)
    return exact_in_float32(
        lambda kappa: constant + angle(kappa, dimensions).log_integral,
        lambda kappa: -angle(kappa, dimensions).drop,
        concentration,
    )
