"""The normal distribution wrapped around hyperbolic space, in the Poincaré ball."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_latent.distributions import poincare_ball as ball
from keras_latent.distributions.base import CodeDistribution, sum_over_event
from keras_latent.distributions.checks import (
    check_at_least,
    check_same_shape,
    draw_seed,
    draw_shape,
)
from keras_latent.graph import known_values
from keras_latent.tensors import float32_of
from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range

_LEAST_SCALE = 1e-3
_LARGEST_SCALE = 1e3
_TINY = float(np.finfo("float32").tiny)
"""The least scale that is taken for one above 0."""


class WrappedParameters(NamedTuple):
    """Those of a normal distribution in the ball.

    Args:
        mean: Points μ of the ball along the last axis, of shape (batch, *code_shape).
        scale: Standard deviations σ, of the same shape, in [1e-3, 1e3].
    """

    mean: Tensor
    scale: Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class WrappedNormal(CodeDistribution):
    """Points of the Poincaré ball of curvature −c, normal around a point.

    A normal vector v ~ N(0, σ²), laid from 0 to μ and followed as a straight line of
    the space, ends in z at the distance r = ‖v‖ of μ:

        z = μ ⊕ tanh(√c·r/2)·v/(√c·r)
        log p(z) = log N(v; 0, σ²) − (d − 1)·log(sinh(√c·r)/(√c·r))

    It is a density of the ball's volume, (2/(1 − c‖z‖²))^d dz. As a posterior, a
    network gives a tangent vector at 0, which becomes μ, and σ = 0.001 + softplus. As a
    prior it has μ = 0 and σ = 1. A code that is a map holds one point at each position.

    Points are kept at lengths up to 0.996/√c: what is farther out, at distances of
    6.2/√c and more, float32 can't tell apart. As c goes to 0 it becomes `Normal`, of
    codes of half the length.

    Args:
        curvature: The number c, from 1e-4 to 1e4; posterior and prior must have the
            same. Defaults to 1.0.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Attributes:
        radius: That of the ball, 1/√c.

    Raises:
        ValueError: If `curvature` is no number in that range.

    Source: Mathieu et al. 2019, Continuous Hierarchical Representations with Poincaré
    Variational Auto-Encoders, section 3.1 and appendix B; Nagano et al. 2019.

    >>> prior = WrappedNormal(curvature=0.5)
    >>> print(f"{float(prior.log_prob(ops.zeros((1, 2)))[0]):.4f}")
    -1.8379
    >>> prior.parameters_shape((3,))
    (6,)
    """

    stands_alone = True
    parameters_type = WrappedParameters

    def __init__(self, curvature: float = 1.0, **kwargs: Any) -> None:
        check_in_range("curvature", curvature, low=1e-4, high=1e4)
        super().__init__(**kwargs)
        self.curvature = curvature
        self.radius = 1.0 / math.sqrt(curvature)
        self.space = f"ball of curvature -{curvature:.7g}"
        self.built = True

    def parameter_channels(self, channels: int) -> dict[str, int]:
        """A mean, and a scale for each element."""
        return {"mean": channels, "scale": channels}

    def from_network(self, outputs: Sequence[Tensor]) -> WrappedParameters:
        """μ by the exponential map at 0, and σ = 0.001 + softplus."""
        direction, scale = outputs
        mean = ball.exponential(ops.cast(direction, "float64"), self.curvature)
        mean = ops.cast(ball.inside(mean, self.curvature), "float32")
        scale = ops.minimum(_LEAST_SCALE + ops.softplus(scale), _LARGEST_SCALE)
        return WrappedParameters(mean, scale)

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Log-density of the ball's volume, summed over the points of a map.

        Raises:
            ValueError: If a point lies outside of the ball, and is known already.
        """
        value = float32_of("value", value)
        self.check_codes(value)
        z = ops.cast(value, "float64")
        log_scale: Any = 0.0
        scale: Any = 1.0
        if parameters is not None:
            mean, scale = self.parameters_in(parameters)
            check_same_shape(value=value, mean=mean)
            scale = ops.cast(scale, "float64")
            log_scale = ops.log(scale)
            z = ball.added(-ops.cast(mean, "float64"), z, self.curvature)
        v = 2.0 * ball.logarithm(z, self.curvature)
        normal = -0.5 * (ops.square(v / scale) + math.log(2 * math.pi)) - log_scale
        growth = ball.log_growth(v, self.curvature)
        others = value.shape[-1] - 1
        log_prob = sum_over_event(normal) - others * sum_over_event(growth)
        return ops.cast(log_prob, "float32")

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """A normal vector, followed from μ."""
        seed = draw_seed(seed)

        def draw(shape: Any) -> Tensor:
            return keras.random.normal(shape, dtype="float32", seed=seed)

        if parameters is None:
            v = ops.cast(draw(draw_shape(shape)), "float64")
            return self._point(ball.exponential(0.5 * v, self.curvature))
        mean, scale = self.parameters_in(parameters)
        v = ops.cast(scale * rowwise_noise(draw, mean), "float64")
        around = ball.exponential(0.5 * v, self.curvature)
        return self._point(
            ball.added(ops.cast(mean, "float64"), around, self.curvature)
        )

    def mean(self, parameters: Any = None) -> Tensor:
        """The point μ; 0 without parameters."""
        return 0.0 if parameters is None else self.parameters_in(parameters)[0]

    def check_codes(self, z: Any) -> None:
        """Refuse points outside of the ball, where values are known already.

        Raises:
            ValueError: If one has a length of 1/√c or more.
        """
        self._check_inside("z", float32_of("z", z))

    def check_parameters(self, parameters: Any) -> None:
        """Refuse means outside of the ball, and scales that aren't positive.

        Raises:
            ValueError: If values are known already, and out of range.
        """
        self._check_inside("parameters.mean", parameters.mean)
        check_at_least("parameters.scale", parameters.scale, _TINY, "positive")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "curvature": self.curvature}

    def _check_inside(self, argument: str, points: Tensor) -> None:
        values = known_values(points)
        if values is None or not values.size:
            return
        squares = np.sum(np.square(values, dtype="float64"), axis=-1)
        longest = float(np.sqrt(np.max(squares)))
        if longest >= self.radius:
            raise ValueError(
                f"`{argument}` must lie inside of the ball, at lengths below 1/√c = "
                f"{self.radius:.6g}. Received: a point of length {longest:.6g}"
            )

    def _point(self, z: Tensor) -> Tensor:
        return ops.cast(ball.inside(z, self.curvature), "float32")
