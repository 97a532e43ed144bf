"""The planar step of a flow."""

import math

import keras
import tensorflow as tf
from keras import ops

from keras_latent.distributions.flows.transformation import Transformation
from keras_latent.typing import Tensor

_SOFTPLUS_IS_ONE = math.log(math.e - 1)
"""Where softplus is 1, so that u = 0 leaves codes as they are."""

_LEAST_SLOPE = 1e-4
"""The least 1 + wᵀû, the slope of f along w: below, float32 couldn't undo it."""

_LEAST_SQUARE = 1e-12
_BISECTIONS = 60


@keras.saving.register_keras_serializable(package="keras_latent")
class Planar(Transformation):
    """Pushes codes along û, by how far they are from a hyperplane.

        f(z) = z + û·tanh(wᵀz + b)
        log |det| = log |1 + (1 − tanh²(wᵀz + b))·wᵀû|

    It is invertible where wᵀû > −1, which û = u + (m − wᵀu)·w/‖w‖² keeps, with wᵀû = m
    = sp(wᵀu + log(e − 1)) − 1 and sp the softplus: the paper's m, moved so that u = 0
    leaves codes as they are. m stays at −0.9999 or above.

    In a posterior, a network gives u, w and b for each row. The inverse solves an
    equation of one number for each code.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Rezende and Mohamed 2015, equations 10 and 11 and appendix A.1.

    >>> step = Planar()
    >>> step.build_step(3, amortised=False, reverse=False)
    >>> z, log_det = step.forward(ops.ones((2, 3)), None)
    >>> z.shape, log_det.shape
    (TensorShape([2, 3]), TensorShape([2, 1]))
    """

    def parameter_count(self, channels: int) -> int:
        """U, w and b."""
        return 2 * channels + 1

    def build_step(self, channels: int, amortised: bool, reverse: bool) -> None:
        """Make u, near 0, w and b, unless a network gives them."""
        if not amortised:
            numbers = {"dtype": "float32", "autocast": False}
            self.u = self.add_weight(
                name="u",
                shape=(channels,),
                initializer=keras.initializers.RandomNormal(stddev=0.01),
                **numbers,
            )
            self.w = self.add_weight(
                name="w",
                shape=(channels,),
                initializer=keras.initializers.RandomNormal(stddev=channels**-0.5),
                **numbers,
            )
            self.b = self.add_weight(
                name="b", shape=(1,), initializer="zeros", **numbers
            )
        self.built = True

    def forward(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """F(z) and log |det ∂f/∂z|."""
        push, w, b, strength = self._numbers(given, z.shape[-1])
        bend = ops.tanh(_sum(w * z) + b)
        return z + push * bend, _log_det(bend, strength)

    def inverse(self, z: Tensor, given: Tensor | None) -> tuple[Tensor, Tensor]:
        """The z before, by its wᵀz + b = a, which solves a + m·tanh(a) = wᵀf + b."""
        push, w, b, strength = self._numbers(given, z.shape[-1])
        bend = ops.tanh(_root(_sum(w * z) + b, strength))
        return z - push * bend, _log_det(bend, strength)

    def _numbers(self, given: Tensor | None, channels: int) -> tuple[Tensor, ...]:
        """û, w, b and m = wᵀû."""
        if given is None:
            u, w, b = (ops.convert_to_tensor(own) for own in (self.u, self.w, self.b))
        else:
            u, w, b = ops.split(given, [channels, 2 * channels], axis=-1)
        along = _sum(w * u)
        slope = ops.maximum(ops.softplus(along + _SOFTPLUS_IS_ONE), _LEAST_SLOPE)
        strength = slope - 1.0
        square = ops.maximum(_sum(ops.square(w)), _LEAST_SQUARE)
        return u + (strength - along) * w / square, w, b, strength


def _sum(values: Tensor) -> Tensor:
    return ops.sum(values, axis=-1, keepdims=True)


def _log_det(bend: Tensor, strength: Tensor) -> Tensor:
    # 1 + (1 − t²)m is t² + (1 − t²)(1 + m), a sum of what is positive.
    square = ops.square(bend)
    return ops.log(square + (1.0 - square) * (1.0 + strength))


def _root(target: Tensor, strength: Tensor) -> Tensor:
    """The a with a + m·tanh(a) = k, with derivatives by k and m.

    Bisection in float64 finds it, since the left side rises; two steps of Newton's
    method from there, which no longer move it, have the derivatives of the root.
    """
    k, m = (tf.stop_gradient(tf.cast(part, tf.float64)) for part in (target, strength))
    k, m = k + tf.zeros_like(m), m + tf.zeros_like(k)

    def halve(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        middle = 0.5 * (low + high)
        is_below = middle + m * tf.tanh(middle) < k
        return tf.where(is_below, middle, low), tf.where(is_below, high, middle)

    reach = tf.abs(m)
    bounds = tf.while_loop(
        lambda *_: True,
        halve,
        (k - reach, k + reach),
        maximum_iterations=_BISECTIONS,
    )
    wide_target, wide_strength = (
        tf.cast(part, tf.float64) for part in (target, strength)
    )
    # Each step doubles the order to which derivatives are right: two give the second
    # derivatives that gradients of ∇ log p(z) are made of. In float64 lest a flat slope
    # magnify the rounding of the difference.
    root = tf.stop_gradient(0.5 * (bounds[0] + bounds[1]))
    for _ in range(2):
        bend = tf.tanh(root)
        slope = bend**2 + (1.0 - bend**2) * (1.0 + wide_strength)
        root = root - (root + wide_strength * bend - wide_target) / slope
    return tf.cast(root, tf.float32)
