"""What two posteriors share, and what they are on average."""

import math

from keras import ops

from keras_latent.distributions import NormalParameters
from keras_latent.losses import normal_kl
from keras_latent.typing import Tensor


def shared_elements(first: NormalParameters, second: NormalParameters) -> Tensor:
    """Which elements are taken for those that a pair has in common.

    Those whose KL(q₁ⱼ ‖ q₂ⱼ) is below the middle of the least and the greatest.

    Args:
        first: Of q₁, each of shape (batch, *code_shape).
        second: Of q₂.

    Returns:
        Booleans of the same shape.

    Source: Locatello et al. 2020.
    """
    distances = ops.stop_gradient(normal_kl(*first, *second))
    axes = tuple(range(1, len(distances.shape)))
    least = ops.min(distances, axis=axes, keepdims=True)
    greatest = ops.max(distances, axis=axes, keepdims=True)
    return distances < least + 0.5 * (greatest - least)


def averaged(
    first: NormalParameters, second: NormalParameters, averaging: str
) -> NormalParameters:
    """The average of two normal distributions, element by element.

    Args:
        first: Parameters, each of any shape.
        second: Others of the same shapes.
        averaging: `"gvae"`, the mean of means and of variances, or `"mlvae"`, the
            product of both densities.

    Source: Locatello et al. 2020; Bouchacourt, Tomioka and Nowozin 2018 for the
    product.
    """
    if averaging == "gvae":
        log_var = ops.logaddexp(first.log_var, second.log_var) - math.log(2.0)
        return NormalParameters(0.5 * (first.mean + second.mean), log_var)
    log_precision = ops.logaddexp(-first.log_var, -second.log_var)
    weights = (ops.exp(-q.log_var - log_precision) * q.mean for q in (first, second))
    return NormalParameters(sum(weights), math.log(2.0) - log_precision)
