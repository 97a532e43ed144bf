"""The radial step of a flow."""

import math

import keras
from keras import ops

from keras_latent.distributions.flows.transformation import Transformation
from keras_latent.typing import Tensor

_SOFTPLUS_IS_ONE = math.log(math.e - 1)
"""Where softplus is 1, so that numbers of 0 leave codes as they are."""

_LOG_LIMIT = 10.0
"""Logarithms are clipped to [-10, 10]."""

_LEAST_SCALE = 1e-4
"""In parts of the reach, the least by which a step scales codes at its centre."""

_LEAST_SQUARE = 1e-20


@keras.saving.register_keras_serializable(package="keras_latent")
class Radial(Transformation):
    """Pushes codes away from a centre c or towards it.

        f(z) = z + β̂·h·(z − c),   h = 1/(α + r),   r = ‖z − c‖
        log |det| = (d − 1)·log(1 + β̂h) + log(1 + β̂h − β̂rh²)

    It is invertible where β̂ > −α, which β̂ = sp(β + log(e − 1)) − α keeps, with α =
    exp(log α) and sp the softplus: the paper's β̂, moved so that numbers of 0 leave
    codes as they are.

    In a posterior, a network gives c, log α and β for each row. The inverse is in
    closed form.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Rezende and Mohamed 2015, equation 14 and appendix A.2.

    >>> step = Radial()
    >>> step.build_step(3, amortised=False, reverse=False)
    >>> z, log_det = step.forward(ops.ones((2, 3)), None)
    >>> z.shape, log_det.shape
    (TensorShape([2, 3]), TensorShape([2, 1]))
    """

    def parameter_count(self, channels: int) -> int:
        """The centre c, log α and β."""
        return channels + 2

    def build_step(self, channels: int, amortised: bool, reverse: bool) -> None:
        """Make c, log α and β, unless a network gives them."""
        if not amortised:
            self.centre = self.add_weight(
                name="centre",
                shape=(channels,),
                initializer=keras.initializers.RandomNormal(stddev=1.0),
                dtype="float32",
                autocast=False,
            )
            # Of nothing at all, c would have no gradient.
            self.shape_numbers = self.add_weight(
                name="shape_numbers",
                shape=(2,),
                initializer=keras.initializers.RandomNormal(stddev=0.01),
                dtype="float32",
                autocast=False,
            )
        self.built = True

    def forward(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """F(z) and log |det ∂f/∂z|."""
        centre, alpha, total = self._numbers(given, z.shape[-1])
        away = z - centre
        radius = _length(away)
        scale = (radius + total) / (alpha + radius)
        return centre + scale * away, self._log_det(radius, alpha, total, z.shape[-1])

    def inverse(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """The z before: its r solves r² + (α + β̂ − r′)·r = α·r′, with r′ = ‖f − c‖."""
        centre, alpha, total = self._numbers(given, z.shape[-1])
        away = z - centre
        length = _length(away)
        linear, product = total - length, 4.0 * alpha * length
        root = ops.sqrt(ops.square(linear) + product)
        # Of the two forms of the root, the one that doesn't cancel.
        is_near = linear > 0.0
        near = 0.5 * product / ops.where(is_near, root + linear, 1.0)
        radius = ops.where(is_near, near, 0.5 * (root - linear))
        scale = (radius + total) / (alpha + radius)
        return centre + away / scale, self._log_det(radius, alpha, total, z.shape[-1])

    def _numbers(self, given: Tensor | None, channels: int) -> tuple[Tensor, ...]:
        """C, α and α + β̂."""
        if given is None:
            centre = ops.convert_to_tensor(self.centre)
            log_alpha, beta = ops.split(ops.convert_to_tensor(self.shape_numbers), 2)
        else:
            centre, log_alpha, beta = ops.split(
                given, [channels, channels + 1], axis=-1
            )
        alpha = ops.exp(ops.clip(log_alpha, -_LOG_LIMIT, _LOG_LIMIT))
        total = ops.softplus(beta + _SOFTPLUS_IS_ONE)
        total = ops.maximum(total, _LEAST_SCALE * alpha)
        return centre, alpha, total

    def _log_det(
        self, radius: Tensor, alpha: Tensor, total: Tensor, channels: int
    ) -> Tensor:
        # With s = α + β̂: 1 + β̂h = (r + s)/(α + r), and 1 + β̂h − β̂rh² =
        # (r² + 2αr + αs)/(α + r)², of positive numbers alone.
        across = ops.log(radius + total) - ops.log(alpha + radius)
        along = ops.log(radius * (radius + 2.0 * alpha) + alpha * total)
        along = along - 2.0 * ops.log(alpha + radius)
        return (channels - 1) * across + along


def _length(vectors: Tensor) -> Tensor:
    square = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return ops.sqrt(ops.maximum(square, _LEAST_SQUARE))
