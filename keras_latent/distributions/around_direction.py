"""What distributions around a direction on the unit sphere have in common."""

import abc
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.distributions.base import (
    CodeDistribution,
    check_distribution,
    sum_over_event,
)
from keras_latent.distributions.checks import check_at_least, seeds_of
from keras_latent.distributions.uniform_sphere import (
    UniformSphere,
    check_dimensions,
    log_area,
    unit,
)
from keras_latent.graph import known_values
from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor

_LENGTH_TOLERANCE = 1e-2
"""What half precision leaves of the length of a direction."""


class SphericalParameters(NamedTuple):
    """Those of a distribution around a direction.

    Args:
        mean: Directions μ of length 1 along the last axis, of shape (batch,
            *code_shape).
        concentration: κ ≥ 0 of each vector, of shape (batch, *code_shape[:-1], 1).
    """

    mean: Tensor
    concentration: Tensor


class AroundDirection(CodeDistribution):
    """Base of vectors z of length 1 around a direction μ, with a concentration κ.

    A code that is a map holds one such vector at each position. A network gives a
    direction of any length, and κ = 1 + softplus of one number for each vector.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.
    """

    space = "sphere"
    parameters_type = SphericalParameters

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

    def check_parameters(self, parameters: Any) -> None:
        """Refuse directions of another length than 1, and negative concentrations.

        Raises:
            ValueError: If values are known already, and out of range.
        """
        mean = known_values(parameters.mean)
        if mean is not None:
            lengths = np.linalg.norm(mean, axis=-1)
            # Zeros stand for the rows that a replica doesn't have.
            off = (np.abs(lengths - 1.0) > _LENGTH_TOLERANCE) & (lengths > 0.0)
            if off.any():
                raise ValueError(
                    "`parameters.mean` must hold directions of length 1 along the last "
                    f"axis. Received: one of length {lengths[off][0]:.6g}"
                )
        concentration = parameters.concentration
        check_at_least("parameters.concentration", concentration, 0.0, "at least 0")

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """A draw: its angle to μ by the distribution's own law, the rest uniform."""
        mean, concentration = self.parameters_in(parameters)
        *own_seeds, seed_around = seeds_of(seed, 3)
        cosine, sine = self.polar_draw(concentration, mean.shape[-1], own_seeds)
        around = unit(
            rowwise_noise(
                lambda shape: keras.random.normal(
                    shape, dtype="float32", seed=seed_around
                ),
                mean[..., 1:],
            )
        )
        return turned(ops.concatenate([cosine, sine * around], axis=-1), mean)

    def mean(self, parameters: Any = None) -> Tensor:
        """The mean direction μ, which lies on the sphere; the mean doesn't."""
        return self.parameters_in(parameters).mean

    def entropy(self, parameters: Any) -> Tensor:
        """The entropy in nats, of shape (batch,)."""
        mean, concentration = self.parameters_in(parameters)
        dimensions = mean.shape[-1]
        divergence = self.uniform_divergence(concentration, dimensions)
        return sum_over_event(log_area(dimensions) - divergence)

    def closed_kl(self, parameters: Any, prior: CodeDistribution) -> Tensor | None:
        """Log |S| − entropy, against the uniform distribution."""
        check_distribution("prior", prior)
        if type(prior) is not UniformSphere:
            return None
        mean, concentration = self.parameters_in(parameters)
        return sum_over_event(self.uniform_divergence(concentration, mean.shape[-1]))

    @abc.abstractmethod
    def polar_draw(
        self, concentration: Tensor, dimensions: int, seeds: Sequence[Any]
    ) -> tuple[Tensor, Tensor]:
        """Draw the cosine and the sine of the angle to μ, of the shape of κ.

        Args:
            concentration: κ, of shape (batch, ..., 1).
            dimensions: Length of the vectors.
            seeds: Two of them.
        """

    @abc.abstractmethod
    def uniform_divergence(self, concentration: Tensor, dimensions: int) -> Tensor:
        """KL from the uniform distribution, of each vector: of the shape of κ."""


def turned(z: Tensor, mean: Tensor) -> Tensor:
    """Turn or reflect so that the first axis falls on μ, by Householder's reflection.

    It sends the first axis to that of μ and −μ that is farther away, and changes the
    sign where that is −μ, so that no μ is a direction where gradients blow up or end.
    """
    pole = ops.one_hot(0, mean.shape[-1], dtype="float32")
    sign = 2.0 * ops.cast(mean[..., :1] > 0, "float32") - 1.0
    normal = pole + sign * mean
    scale = 2.0 / ops.sum(ops.square(normal), axis=-1, keepdims=True)
    along = ops.sum(normal * z, axis=-1, keepdims=True)
    return sign * (scale * along * normal - z)


def exact_in_float32(function: Any, derivative: Any, x: Tensor) -> Tensor:
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
