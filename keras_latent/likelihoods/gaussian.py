"""The Gaussian likelihood, with one scale for all dimensions."""

import math
from typing import Any

import keras
from keras import ops

from keras_latent.likelihoods.base import TensorLikelihood
from keras_latent.training.moved_by_data import (
    in_training_step,
    move_after_step,
    over_replicas,
    weights_of_rows,
)
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range, checked_switch

_LOWEST_LEARNED_SCALE = 1e-3
_MOMENTUM = 0.99
"""What a step leaves of the running mean of squared errors."""


@keras.saving.register_keras_serializable(package="keras_latent")
class Gaussian(TensorLikelihood):
    """Independent real values around the decoder's output m, with one scale σ.

        log p(x|z) = −Σ ½·((x − m)/σ)² + log σ + ½·log 2π

    With σ = 1 it is half the squared error, but for a constant.

    With `scale="optimal"`, each training step uses the σ under which its batch is
    likeliest, σ² = mean of (x − m)² over rows and dimensions, those of all replicas
    and draws. The batch's mean of −log p is then ½n·(1 + log 2πσ²), with n dimensions.
    No gradient passes through σ, where it would be 0 anyway. Evaluation, draws and
    `log_likelihood` use the running mean of the σ² of the steps, 1 before the first, so
    that they are of one density.

    Args:
        scale: The standard deviation σ, from 1e-6 to 1e18, or `"optimal"`: that of the
            batch's errors, at least 1e-3. Defaults to `1.0`.
        learn_scale: Whether σ is learned from `scale` on, as the weight `log_scale`. It
            then stays at 1e-3 or above, lest data that are met exactly drive it to 0.
            Defaults to `False`.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If `scale` is neither a number in that range nor `"optimal"`, or is
            to be optimal and learned at once.

    Source:
        Rybkin, Daniilidis and Levine 2021, "Simple and effective VAE training with
        calibrated decoders": section 3.1 on the learned scale, equation 6 on the
        optimal one.

    >>> likelihood = Gaussian(scale=0.5)
    >>> print(f"{float(likelihood.log_prob([[1.0]], [[0.0]])[0]):.4f}")
    -2.2258
    """

    expected_range = (-math.inf, math.inf)
    # Under a squared error, dark images drive a sigmoid to 0 before anything else is
    # learned, and there it stays, without a gradient.
    image_activation = None

    def __init__(
        self, scale: float | str = 1.0, learn_scale: bool = False, **kwargs: Any
    ) -> None:
        is_optimal = isinstance(scale, str) and scale == "optimal"
        if not is_optimal:
            _check_scale(scale)
        if is_optimal and learn_scale:
            raise ValueError(
                "`learn_scale` must be False where `scale` is 'optimal', which is "
                f"computed. Received: learn_scale={learn_scale!r}"
            )
        super().__init__(**kwargs)
        self.scale = scale
        self.learn_scale = checked_switch("learn_scale", learn_scale)
        self.log_scale: Any = 0.0 if isinstance(scale, str) else math.log(scale)
        if is_optimal:
            self._add_running_mean()
        if learn_scale:
            self.log_scale = self.add_weight(
                name="log_scale",
                shape=(),
                initializer=keras.initializers.Constant(self.log_scale),
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
        if self.scale == "optimal" and in_training_step():
            log_scale = self._log_scale_of(x - parameters)
        error = (x - parameters) * ops.exp(-log_scale)
        return -(0.5 * ops.square(error) + log_scale + 0.5 * math.log(2 * math.pi))

    def _mean(self, parameters: Tensor) -> Tensor:
        return parameters

    def _sample(self, parameters: Tensor, seed: Any) -> Tensor:
        noise = keras.random.normal(ops.shape(parameters), dtype="float32", seed=seed)
        return parameters + ops.exp(self._bounded_log_scale()) * noise

    def _bounded_log_scale(self) -> Tensor:
        if self.scale == "optimal":
            weight = ops.convert_to_tensor(self.steps_weight)
            mean = self.mean_square / ops.where(weight > 0.0, weight, 1.0)
            return _log_scale(ops.where(weight > 0.0, mean, 1.0))
        if self.learn_scale:
            return ops.maximum(self.log_scale, math.log(_LOWEST_LEARNED_SCALE))
        return self.log_scale

    def _add_running_mean(self) -> None:
        state = {"trainable": False, "dtype": "float32", "autocast": False}
        self.mean_square = self.add_weight(
            name="mean_square", shape=(), initializer="zeros", **state
        )
        # What the first steps count together, by which their mean is divided.
        self.steps_weight = self.add_weight(
            name="steps_weight", shape=(), initializer="zeros", **state
        )

    def _log_scale_of(self, error: Tensor) -> Tensor:
        """That of a training step's errors, which the running mean will know."""
        rows = weights_of_rows(error)
        axes = tuple(range(1, len(error.shape)))
        by_row = ops.mean(ops.square(ops.stop_gradient(error)), axis=axes)
        total, count = over_replicas((ops.sum(by_row * rows), ops.sum(rows)))
        mean = total / ops.maximum(count, 1.0)
        for variable, value in ((self.mean_square, mean), (self.steps_weight, 1.0)):
            moved = _MOMENTUM * variable + (1.0 - _MOMENTUM) * value
            move_after_step(variable, moved)
        return _log_scale(mean)


def _log_scale(mean_square: Tensor) -> Tensor:
    return 0.5 * ops.log(ops.maximum(mean_square, _LOWEST_LEARNED_SCALE**2))


def _check_scale(scale: Any) -> None:
    if isinstance(scale, str):
        raise ValueError(
            "`scale` must be a number in [1e-06, 1e+18] or 'optimal'. "
            f"Received: scale={scale!r}"
        )
    check_in_range("scale", scale, low=1e-6, high=1e18)
