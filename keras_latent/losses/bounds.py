"""Bounds of a log-likelihood by several draws."""

import math

from keras import ops

from keras_latent.losses.rows import floats
from keras_latent.typing import Tensor


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """The bound log 1/K Σₖ wₖ of log p(x), from log wₖ = log p(x, zₖ) − log q(zₖ|x).

    Args:
        log_weights: Of shape (..., K): K draws along the last axis.

    Returns:
        Nats, of shape (...).

    Raises:
        ValueError: If there is no draw.

    Source: Burda, Grosse and Salakhutdinov 2015, equation 8.

    >>> float(importance_weighted_bound([-3.0, -3.0]))
    -3.0
    """
    log_weights = floats(log_weights)
    if not log_weights.shape or log_weights.shape[-1] == 0:
        raise ValueError(
            "`log_weights` must hold the weights of at least one draw along its last "
            f"axis. Received: log_weights of shape {tuple(log_weights.shape)}"
        )
    return ops.logsumexp(log_weights, axis=-1) - math.log(log_weights.shape[-1])
