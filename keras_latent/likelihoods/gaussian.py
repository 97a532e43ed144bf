"""The Gaussian likelihood, with one scale for all dimensions."""

import math
from typing import Any

import keras
from keras import ops

from keras_latent.likelihoods.base import TensorLikelihood
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range

_LOWEST_LEARNED_SCALE = 1e-3


@keras.saving.register_keras_serializable(package="keras_latent")
class Gaussian(TensorLikelihood):
    """Independent real values around the decoder's output m, with one scale σ.

        log p(x|z) = −Σ ½·((x − m)/σ)² + log σ + ½·log 2π

    With σ = 1 it is half the squared error, but for a constant.

    Args:
        scale: The standard deviation σ, from 1e-6 to 1e18. Defaults to `1.0`.
        learn_scale: Whether σ is learned from `scale` on, as the weight `log_scale`. It
            then stays at 1e-3 or above, lest data that are met exactly drive it to 0.
            Defaults to `False`.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If `scale` is not a number in that range.

    Source:
        Rybkin, Daniilidis and Levine, Simple and Effective VAE Training with Calibrated
        Decoders, 2021, on the learned scale.

    >>> likelihood = Gaussian(scale=0.5)
    >>> print(f"{float(likelihood.log_prob([[1.0]], [[0.0]])[0]):.4f}")
    -2.2258
    """

    expected_range = (-math.inf, math.inf)
    # Under a squared error, dark images drive a sigmoid to 0 before anything else is
    # learned, and there it stays, without a gradient.
    image_activation = None

    def __init__(
        self, scale: float = 1.0, learn_scale: bool = False, **kwargs: Any
    ) -> None:
        check_in_range("scale", scale, low=1e-6, high=1e18)
        super().__init__(**kwargs)
        self.scale = scale
        self.learn_scale = learn_scale
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
        """Refuse nothing: every real value has a density."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; `scale` is the value learning began with."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "learn_scale": self.learn_scale,
        }

    def _log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        log_scale = self._bounded_log_scale()
        error = (x - parameters) * ops.exp(-log_scale)
        return -(0.5 * ops.square(error) + log_scale + 0.5 * math.log(2 * math.pi))

    def _mean(self, parameters: Tensor) -> Tensor:
        return parameters

    def _sample(self, parameters: Tensor, seed: Any) -> Tensor:
        noise = keras.random.normal(ops.shape(parameters), dtype="float32", seed=seed)
        return parameters + ops.exp(self._bounded_log_scale()) * noise

    def _bounded_log_scale(self) -> Tensor:
        if self.learn_scale:
            return ops.maximum(self.log_scale, math.log(_LOWEST_LEARNED_SCALE))
        return self.log_scale
