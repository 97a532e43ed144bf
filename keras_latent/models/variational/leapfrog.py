"""Hamiltonian steps with learned sizes and a falling temperature."""

import math
from collections.abc import Callable, Sequence

import keras
from keras import ops

from keras_latent.typing import Tensor

_LARGEST_STEP = 0.5


class Leapfrog(keras.layers.Layer):
    """K leapfrog steps of a position z and a momentum ρ, tempered.

        ρ½ = ρ − ½ε⊙∇U(z);   z ← z + ε⊙ρ½;   ρ ← (ρ½ − ½ε⊙∇U(z))·√(βₖ₋₁/βₖ)

    with ε in (0, ½) for each element of z and 1/βₖ = 1/β₀ + (1 − 1/β₀)·k²/K², so that
    β_K is 1. ε and β₀ in (0, 1) are learned.

    Args:
        code_shape: The shape of z, rows aside.
        steps: Number K of steps.
        step_size: The first ε, below 0.5.
        inverse_temperature: The first 1/β₀, above 1.

    Source: Caterini, Doucet and Sejdinovic 2018, algorithm 1.
    """

    def __init__(
        self,
        code_shape: Sequence[int],
        steps: int,
        step_size: float,
        inverse_temperature: float,
    ) -> None:
        super().__init__(dtype="float32", name="leapfrog")
        self.steps = steps
        part = step_size / _LARGEST_STEP
        excess = inverse_temperature - 1.0
        self.step_logits = self.add_weight(
            name="step_logits",
            shape=tuple(code_shape),
            initializer=keras.initializers.Constant(math.log(part / (1.0 - part))),
        )
        self.temperature_logit = self.add_weight(
            name="temperature_logit",
            shape=(),
            initializer=keras.initializers.Constant(_inverse_softplus(excess)),
        )
        self.built = True

    def trajectory(
        self, z: Tensor, noise: Tensor, gradient: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Where z and ρ end.

        Args:
            z: The first position, of shape (batch, *code_shape).
            noise: γ ~ N(0, I) of the same shape; the first momentum is γ/√β₀.
            gradient: From a position to ∇U; it is called K + 1 times, at last for the
                position that is returned.
        """
        step = _LARGEST_STEP * ops.sigmoid(self.step_logits)
        first = 1.0 + ops.softplus(self.temperature_logit)
        before, momentum = first, noise * ops.sqrt(first)
        pull = gradient(z)
        for k in range(1, self.steps + 1):
            momentum = momentum - 0.5 * step * pull
            z = z + step * momentum
            pull = gradient(z)
            after = first + (1.0 - first) * (k / self.steps) ** 2
            momentum = (momentum - 0.5 * step * pull) * ops.sqrt(after / before)
            before = after
        return z, momentum


def _inverse_softplus(value: float) -> float:
    """log(eᵛ − 1), also where eᵛ is too large for a float."""
    return value + math.log(-math.expm1(-value))
