"""Bounds of a log-likelihood by several draws."""

import math

from keras import ops

from keras_latent.losses.rows import floats_of
from keras_latent.tensors import as_tensor, known_shape
from keras_latent.typing import Tensor


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """The bound log 1/K Σₖ wₖ of log p(x), from log wₖ = log p(x, zₖ) − log q(zₖ|x).

    Args:
        log_weights: Of shape (..., K): K draws along the last axis.

    Returns:
        Nats, of shape (...).

    Raises:
        ValueError: If it is no array of numbers, or there is no draw.

    Source: Burda, Grosse and Salakhutdinov 2015, equation 8.

    >>> float(importance_weighted_bound([-3.0, -3.0]))
    -3.0
    """
    log_weights = as_tensor("log_weights", log_weights, "(..., K)", least_rank=1)
    (log_weights,) = floats_of(log_weights=log_weights)
    shape = known_shape(log_weights)
    draws = None if shape is None else shape[-1]
    if draws == 0:
        raise ValueError(
            "`log_weights` must hold the weights of at least one draw along its last "
            f"axis. Received: log_weights of shape {shape}"
        )
    total = ops.logsumexp(log_weights, axis=-1)
    if draws is not None:
        return total - math.log(draws)
    return total - ops.log(ops.sum(ops.ones_like(log_weights), axis=-1))
