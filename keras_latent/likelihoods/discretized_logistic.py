"""The logistic likelihood of pixels that take a number of grey levels."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.likelihoods.base import TensorLikelihood, real_array
from keras_latent.typing import Tensor
from keras_latent.validation import (
    check_in_range,
    checked_positive_integer,
    checked_switch,
)

_LOWEST_SCALE, _HIGHEST_SCALE = 1e-4, 1e4
_LEVEL_TOLERANCE = 1e-3
"""How far from a level a value may be, in levels: float32 rounds k / 255."""

_CERTAIN = 1e-7
"""Uniform draws are kept so far from 0 and 1, where a logit is infinite."""


@keras.saving.register_keras_serializable(package="keras_latent")
class DiscretizedLogistic(TensorLikelihood):
    """Independent grey levels in [0, 1], each with the mass of a logistic around it.

    With the decoder's output m, one scale s for all dimensions, L levels and the step
    δ = 1/(L − 1) between them,

        p(x|z) = Π σ((x + δ/2 − m)/s) − σ((x − δ/2 − m)/s),   σ(t) = 1/(1 + e⁻ᵗ)

    where the first σ is 1 at the highest level, and the second 0 at the lowest. These
    are probabilities of the levels: nats divided by n·log 2 are bits for each of the n
    dimensions. A value between two levels counts as the nearer one.

    `mean` gives the median, m clipped to [0, 1]: half of the draws are above it and
    half below. Their mean is the same but near 0 and 1, where it is up to s·log 2
    nearer to the middle.

    Args:
        scale: The scale s, from 1e-4 to 1e4. Defaults to 0.05.
        learn_scale: Whether s is learned from `scale` on, in the same range, as the
            weight `log_scale`. Defaults to `True`.
        levels: Number L of grey levels, at least 2. Defaults to 256.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If `scale` is not a number in that range, or `levels` no integer of
            at least 2.

    Source: Kingma et al. 2016, Improved Variational Inference with Inverse
    Autoregressive Flow, section 5.2 and appendix C.

    >>> likelihood = DiscretizedLogistic(levels=2, scale=0.5)
    >>> masses = likelihood.log_prob([[0.0], [1.0]], [[0.5], [0.5]])
    >>> print([f"{float(mass):.4f}" for mass in masses])
    ['-0.6931', '-0.6931']
    """

    expected_range = (0.0, 1.0)
    # As of the Gaussian likelihood: a sigmoid would saturate on dark images.
    image_activation = None

    def __init__(
        self,
        scale: float = 0.05,
        learn_scale: bool = True,
        levels: int = 256,
        **kwargs: Any,
    ) -> None:
        check_in_range("scale", scale, low=_LOWEST_SCALE, high=_HIGHEST_SCALE)
        levels = checked_positive_integer("levels", levels)
        if levels < 2:
            raise ValueError(f"`levels` must be at least 2. Received: levels={levels}")
        super().__init__(**kwargs)
        self.scale = scale
        self.learn_scale = checked_switch("learn_scale", learn_scale)
        self.levels = levels
        self.log_scale: Any = math.log(scale)
        if learn_scale:
            self.log_scale = self.add_weight(
                name="log_scale",
                shape=(),
                initializer=keras.initializers.Constant(math.log(scale)),
                dtype="float32",
                autocast=False,
            )

    def check_normalised(self, x: Tensor) -> None:
        """Refuse values between the levels, which have no probability of their own."""
        values = real_array(x).astype("float64") * (self.levels - 1)
        # Of NaN it is none.
        distance = np.abs(values - np.round(values))
        between = np.count_nonzero(~(distance <= _LEVEL_TOLERANCE))
        if between:
            raise ValueError(
                f"`x` must hold the levels k / {self.levels - 1}: other values have no "
                "probability of their own. Round `x` to them, or use the likelihood "
                "'continuous_bernoulli' or 'gaussian'. "
                f"Received: between={between} of {values.size} values"
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; `scale` is the value learning began with."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "learn_scale": self.learn_scale,
            "levels": self.levels,
        }

    def _log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        last = self.levels - 1
        level = ops.round(x * last)
        rate = 1.0 / self._bounded_scale()
        from_mean = level / last - parameters
        above = ops.log_sigmoid((from_mean + 0.5 / last) * rate)
        below = ops.log_sigmoid((0.5 / last - from_mean) * rate)
        # σ(a) − σ(b) = σ(a)·σ(−b)·(1 − e^(b − a)), without a difference that cancels.
        gap = ops.log(-ops.expm1(-rate / last))
        is_lowest, is_highest = level <= 0, level >= last
        log_mass = ops.where(is_highest, 0.0, above) + ops.where(is_lowest, 0.0, below)
        return log_mass + ops.where(ops.logical_or(is_lowest, is_highest), 0.0, gap)

    def _mean(self, parameters: Tensor) -> Tensor:
        # Without the scale, a weight, so that exported decoders need no layer of ours.
        return ops.clip(parameters, 0.0, 1.0)

    def _sample(self, parameters: Tensor, seed: Any) -> Tensor:
        share = keras.random.uniform(ops.shape(parameters), dtype="float32", seed=seed)
        share = ops.clip(share, _CERTAIN, 1.0 - _CERTAIN)
        noise = ops.log(share) - ops.log1p(-share)
        drawn = parameters + self._bounded_scale() * noise
        last = self.levels - 1
        return ops.round(ops.clip(drawn, 0.0, 1.0) * last) / last

    def _bounded_scale(self) -> Tensor:
        if not self.learn_scale:
            return self.scale
        bounds = math.log(_LOWEST_SCALE), math.log(_HIGHEST_SCALE)
        return ops.exp(ops.clip(self.log_scale, *bounds))
