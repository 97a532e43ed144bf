"""The inverse autoregressive step of a flow."""

import keras
from keras import ops

from keras_latent.distributions.flows.autoregressive import (
    Autoregressive,
    solved_in_turn,
)
from keras_latent.typing import Tensor

_FIRST_GATE = 2.0
"""Added to the gate, so that a step hardly moves codes at first."""

_GATE_LIMIT = 10.0
"""Gates are clipped to [-10, 10], so that no scale is 0."""


@keras.saving.register_keras_serializable(package="keras_latent")
class InverseAutoregressive(Autoregressive):
    """Scales and moves each element by the elements before it, drawn in one pass.

        f(z) = s⊙z + (1 − s)⊙m,   s = σ(gate + 2),   [m, gate] = network(z, context)
        log |det| = Σ log s

    The masked network's i-th outputs see the elements before the i-th, and in a
    posterior features of the observation. A draw and its density take one pass; the
    density of a code that was not drawn, as a prior needs it, takes as many as a code
    has elements: `MaskedAutoregressive` is the one for priors. A `Flow` reverses the
    order of elements from one such step to the next.

    Args:
        units: Sizes of the hidden layers. Defaults to `(128, 128)`.
        context: Number of features of the observation that the masked network sees in
            a posterior, or 0. Defaults to 32.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If a size isn't a positive integer.

    Source: Kingma et al. 2016, Improved Variational Inference with Inverse
    Autoregressive Flow, equations 13 and 14 and algorithm 1.

    >>> step = InverseAutoregressive(units=(8,))
    >>> step.build_step(3, amortised=False, reverse=False)
    >>> z, log_det = step.forward(ops.ones((2, 3)), None)
    >>> z.shape, log_det.shape
    (TensorShape([2, 3]), TensorShape([2, 1]))
    """

    def forward(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """F(z) and log |det ∂f/∂z|, in one pass."""
        middle, gate = self._numbers(z, given)
        scale = ops.sigmoid(gate)
        return scale * z + (1.0 - scale) * middle, _log_det(gate)

    def inverse(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """The z before, element by element."""

        def update(x: Tensor) -> Tensor:
            middle, gate = self._numbers(x, given)
            # (f − (1 − s)·m)/s, with 1/s = 1 + exp(−gate).
            return z + ops.exp(-gate) * (z - middle)

        before = solved_in_turn(update, z)
        return before, _log_det(self._numbers(before, given)[1])

    def _numbers(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        middle, gate = self.network.outputs_of(z, given)
        return middle, ops.clip(gate + _FIRST_GATE, -_GATE_LIMIT, _GATE_LIMIT)


def _log_det(gate: Tensor) -> Tensor:
    return ops.sum(ops.log_sigmoid(gate), axis=-1, keepdims=True)
