"""The normal distribution with independent elements."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import ops

from keras_latent.distributions.base import (
    CodeDistribution,
    check_distribution,
    sum_over_event,
)
from keras_latent.distributions.checks import (
    check_event,
    check_same_shape,
    draw_seed,
    draw_shape,
)
from keras_latent.distributions.crossed import crossed_normal_log_prob
from keras_latent.losses import standard_normal_kl
from keras_latent.tensors import float32_of
from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor

LOG_VAR_LIMIT = 20.0
"""Logarithms of variances are clipped to [-20, 20], so that no variance overflows."""


class NormalParameters(NamedTuple):
    """Those of a normal distribution with independent elements.

    Args:
        mean: Means μ of shape (batch, *code_shape).
        log_var: Logarithms of the variances σ², of the same shape, in [-20, 20].
    """

    mean: Tensor
    log_var: Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class Normal(CodeDistribution):
    """Independent normal elements: N(μ, σ²) with parameters, N(0, I) without.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Kingma and Welling 2013, section 3.

    >>> normal = Normal()
    >>> print(f"{float(normal.log_prob(ops.zeros((1, 2)))[0]):.4f}")
    -1.8379
    >>> normal.parameters_shape((8, 8, 4))
    (8, 8, 8)
    """

    stands_alone = True
    parameters_type = NormalParameters

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    def parameter_channels(self, channels: int) -> dict[str, int]:
        """A mean and the logarithm of a variance for each element."""
        return {"mean": channels, "log_var": channels}

    def from_network(self, outputs: Sequence[Tensor]) -> NormalParameters:
        """Means as they are, logarithms of variances clipped to [-20, 20]."""
        mean, log_var = outputs
        return NormalParameters(mean, ops.clip(log_var, -LOG_VAR_LIMIT, LOG_VAR_LIMIT))

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Σ −½·(ε² + log σ² + log 2π), with ε = (z − μ)/σ."""
        value = float32_of("value", value)
        squares, log_var = ops.square(value), 0.0
        if parameters is not None:
            mean, log_var = self.parameters_in(parameters)
            check_same_shape(value=value, mean=mean)
            squares = ops.square(value - mean) * ops.exp(-log_var)
        return -0.5 * sum_over_event(squares + log_var + math.log(2 * math.pi))

    def crossed_log_prob(self, value: Tensor, parameters: Any) -> Tensor:
        """As of `CodeDistribution`, by products of matrices."""
        # What is derived from it may have another density.
        if type(self).log_prob is not Normal.log_prob:
            return super().crossed_log_prob(value, parameters)
        mean, log_var = self.parameters_in(parameters)
        value = float32_of("value", value)
        check_event(value, mean.shape[1:])
        return crossed_normal_log_prob(value, mean, log_var)

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """Z = μ + σε with ε ~ N(0, I)."""
        seed = draw_seed(seed)
        if parameters is None:
            return keras.random.normal(draw_shape(shape), dtype="float32", seed=seed)
        mean, log_var = self.parameters_in(parameters)
        noise = rowwise_noise(
            lambda shape: keras.random.normal(shape, dtype="float32", seed=seed), mean
        )
        return mean + ops.exp(0.5 * log_var) * noise

    def mean(self, parameters: Any = None) -> Tensor:
        """The mean μ; 0 without parameters."""
        return 0.0 if parameters is None else self.parameters_in(parameters)[0]

    def kl_by_element(self, parameters: Any, prior: CodeDistribution) -> Tensor | None:
        """½(μ² + σ² − 1 − log σ²) against N(0, I)."""
        check_distribution("prior", prior)
        # What is derived from it may have another density.
        if type(prior) is not Normal:
            return None
        return standard_normal_kl(*self.parameters_in(parameters))
