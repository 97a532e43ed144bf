"""The masked autoregressive step of a flow."""

import keras
from keras import ops

from keras_latent.distributions.flows.autoregressive import (
    Autoregressive,
    solved_in_turn,
)
from keras_latent.typing import Tensor

_LOG_SCALE_LIMIT = 10.0
"""Logarithms of scales are clipped to [-10, 10], so that none overflows."""


@keras.saving.register_keras_serializable(package="keras_latent")
class MaskedAutoregressive(Autoregressive):
    """Scales and moves each element by those before it, its density in one pass.

        f(z) = z⊙exp(α) + μ,   [μ, α] = network(f, context)
        log |det| = Σ α

    The masked network's i-th outputs see the elements of f before the i-th, and in a
    posterior features of the observation. The density of any code takes one pass; a
    draw takes as many as a code has elements, one after the other. A `Flow` reverses
    the order of elements from one such step to the next.

    Args:
        units: Sizes of the hidden layers. Defaults to `(128, 128)`.
        context: Number of features of the observation that the masked network sees in
            a posterior, or 0. Defaults to 32.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If a size isn't a positive integer.

    Source: Papamakarios, Pavlakou and Murray 2017, equations 3 to 5.

    >>> step = MaskedAutoregressive(units=(8,))
    >>> step.build_step(3, amortised=False, reverse=False)
    >>> z, log_det = step.inverse(ops.ones((2, 3)), None)
    >>> z.shape, log_det.shape
    (TensorShape([2, 3]), TensorShape([2, 1]))
    """

    def forward(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """F(z), element by element, and log |det ∂f/∂z|."""

        def update(x: Tensor) -> Tensor:
            shift, log_scale = self._numbers(x, given)
            return z * ops.exp(log_scale) + shift

        after = solved_in_turn(update, z)
        return after, _sum(self._numbers(after, given)[1])

    def inverse(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """The z before, in one pass."""
        shift, log_scale = self._numbers(z, given)
        return (z - shift) * ops.exp(-log_scale), _sum(log_scale)

    def _numbers(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        shift, log_scale = self.network.outputs_of(z, given)
        return shift, ops.clip(log_scale, -_LOG_SCALE_LIMIT, _LOG_SCALE_LIMIT)


def _sum(values: Tensor) -> Tensor:
    return ops.sum(values, axis=-1, keepdims=True)
