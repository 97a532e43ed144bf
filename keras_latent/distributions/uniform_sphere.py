"""The uniform distribution on the unit sphere."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.distributions.base import CodeDistribution
from keras_latent.distributions.checks import draw_seed, draw_shape
from keras_latent.tensors import float32_of
from keras_latent.typing import Tensor
from keras_latent.validation import is_integer

_LEAST = 1e-12
"""Squared lengths up to this are taken for 0 by what divides by a length."""


@keras.saving.register_keras_serializable(package="keras_latent")
class UniformSphere(CodeDistribution):
    """Vectors of length 1 in any direction, one at each position of a map.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Davidson et al. 2018, section 3.2.

    >>> prior = UniformSphere()
    >>> print(f"{float(prior.log_prob(ops.ones((1, 3)))[0]):.4f}")
    -2.5310
    """

    space = "sphere"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """−log |S| for each vector, summed over the positions of a map."""
        self.takes_none(parameters)
        value = float32_of("value", value)
        dimensions = value.shape[-1]
        check_dimensions(dimensions)
        positions = math.prod(value.shape[1:-1])
        like = ops.zeros_like(ops.reshape(value, (-1, positions * dimensions))[:, 0])
        return like - positions * log_area(dimensions)

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """Normal vectors, brought to length 1."""
        self.takes_none(parameters)
        shape, seed = draw_shape(shape), draw_seed(seed)
        check_dimensions(shape[-1])
        return unit(keras.random.normal(shape, dtype="float32", seed=seed))

    def mean(self, parameters: Any = None) -> Tensor:
        """0, which doesn't lie on the sphere."""
        self.takes_none(parameters)
        return ops.zeros((), "float32")


def check_dimensions(dimensions: int) -> None:
    """Refuse codes too short to lie on a sphere.

    Raises:
        ValueError: If they have fewer than 2 dimensions along the last axis.
    """
    if not is_integer(dimensions) or dimensions < 2:
        raise ValueError(
            "`posterior` and `prior` on a sphere must have codes of at least 2 "
            f"dimensions along the last axis. Received: dimensions={dimensions}"
        )


def unit(vectors: Tensor) -> Tensor:
    """Vectors along the last axis brought to length 1.

    One of length 0, as a network of rectified features gives for a black image, becomes
    the first axis, and has no gradient.

    >>> unit(ops.convert_to_tensor([[0.0, 4.0], [0.0, 0.0]])).numpy().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    has_length = squared > _LEAST
    # No tensor: a functional model would hold one outside of its graph.
    pole = np.eye(1, vectors.shape[-1], dtype="float32")[0]
    scaled = vectors * ops.rsqrt(ops.where(has_length, squared, 1.0))
    return ops.where(has_length, scaled, pole)


def log_area(dimensions: int) -> float:
    """Logarithm of the area of the unit sphere in so many dimensions.

    >>> print(f"{log_area(3):.4f}")  # 4π
    2.5310
    """
    half = dimensions / 2
    return math.log(2.0) + half * math.log(math.pi) - math.lgamma(half)
