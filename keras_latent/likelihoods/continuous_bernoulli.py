"""The continuous Bernoulli likelihood of grey values in [0, 1]."""

import math
from typing import Any

import keras
from keras import ops

from keras_latent.likelihoods.base import TensorLikelihood
from keras_latent.typing import Tensor
from keras_latent.validation import checked_switch

SERIES_BELOW = 0.5
"""Logits nearer to 0 use a power series, exact there to float32's precision."""

SMALLEST_RATE = 1e-6
"""A draw at a logit nearer to 0 is uniform to float32's precision."""


@keras.saving.register_keras_serializable(package="keras_latent")
class ContinuousBernoulli(TensorLikelihood):
    """Independent grey values in [0, 1], with the density that Bernoulli lacks there.

        log p(x|z) = Σ x·log λ + (1 − x)·log(1 − λ) + log C(λ)
        C(λ) = 2·artanh(1 − 2λ) / (1 − 2λ),   C(½) = 2

    The decoder gives λ, which is not the mean: `mean` turns it into
    λ/(2λ − 1) + 1/(2·artanh(1 − 2λ)), which is nearer to ½.

    Args:
        from_logits: Whether the decoder gives log(λ / (1 − λ)), which never saturates,
            in place of λ, which is kept `keras.config.epsilon()` away from 0 and 1.
            Defaults to `False`.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If `from_logits` is neither True nor False.

    Source:
        Loaiza-Ganem and Cunningham 2019, "The continuous Bernoulli: fixing a pervasive
        error in variational autoencoders", section 3.

    >>> likelihood = ContinuousBernoulli()
    >>> print(f"{float(likelihood.log_prob([[0.3]], [[0.5]])[0]):.4f}")
    0.0000
    >>> print(f"{float(likelihood.mean([[0.9]])[0, 0]):.4f}")
    0.6699
    """

    expected_range = (0.0, 1.0)

    def __init__(self, from_logits: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.from_logits = checked_switch("from_logits", from_logits)

    @property
    def image_activation(self) -> str | None:
        """`"sigmoid"` for λ, `None` for its logit."""
        return None if self.from_logits else "sigmoid"

    def check_normalised(self, x: Tensor) -> None:
        """Refuse nothing: every grey value has a density."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "from_logits": self.from_logits}

    def _log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        logits = self._logits(parameters)
        bernoulli = -ops.binary_crossentropy(x, logits, from_logits=True)
        return bernoulli + log_normaliser(logits)

    def _mean(self, parameters: Tensor) -> Tensor:
        # With the logit η: 1/(1 − e^−η) − 1/η = ½ + 1/(2·tanh(η/2)) − 1/η
        logits = self._logits(parameters)
        is_small, small, large = split_at_zero(logits)
        square = ops.square(small)
        series = small * (1 / 12 - square * (1 / 720 - square / 30240))
        closed_form = 0.5 / ops.tanh(0.5 * large) - 1.0 / large
        return 0.5 + ops.where(is_small, series, closed_form)

    def _sample(self, parameters: Tensor, seed: Any) -> Tensor:
        # The inverse of the distribution function for a falling density; a rising one
        # is its mirror image, so that no exponential overflows.
        logits = self._logits(parameters)
        rate = ops.maximum(ops.abs(logits), SMALLEST_RATE)
        uniform = keras.random.uniform(ops.shape(logits), dtype="float32", seed=seed)
        falling = -ops.log1p(uniform * ops.expm1(-rate)) / rate
        return ops.clip(ops.where(logits > 0, 1.0 - falling, falling), 0.0, 1.0)

    def _logits(self, parameters: Tensor) -> Tensor:
        if self.from_logits:
            return parameters
        epsilon = keras.config.epsilon()
        probabilities = ops.clip(parameters, epsilon, 1.0 - epsilon)
        return ops.log(probabilities) - ops.log1p(-probabilities)


def log_normaliser(logits: Tensor) -> Tensor:
    """Log C of a logit η: log(η / tanh(η/2)), an even function.

    >>> print(f"{float(log_normaliser(0.0)):.4f}")
    0.6931
    """
    is_small, small, large = split_at_zero(ops.convert_to_tensor(logits))
    square = ops.square(small)
    series = math.log(2.0) + square * (
        1 / 12 - square * (7 / 1440 - square * (31 / 90720))
    )
    rate = ops.abs(large)
    closed_form = ops.log(rate) + ops.log1p(ops.exp(-rate)) - ops.log(-ops.expm1(-rate))
    return ops.where(is_small, series, closed_form)


def split_at_zero(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Separate the logits near 0, so that neither formula sees the other's.

    Returns:
        Whether a logit is near 0; the logits, 0 where not; the logits, 1 where near.
        Gradients stay finite, which those of a formula that `where` drops need not.
    """
    is_small = ops.abs(logits) < SERIES_BELOW
    return (
        is_small,
        ops.where(is_small, logits, 0.0),
        ops.where(is_small, 1.0, logits),
    )
