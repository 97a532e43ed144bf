"""Divergences of normal distributions, element by element."""

from keras import ops

from keras_latent.losses.rows import floats
from keras_latent.typing import Tensor


def standard_normal_kl(mean: Tensor, log_var: Tensor) -> Tensor:
    """Divergence KL(N(mean, exp(log_var)) ‖ N(0, 1)) of each dimension, in nats.

    Args:
        mean: Means μ, of shape (batch, latent_dim).
        log_var: Logarithms of the variances σ², of the same shape.

    Returns:
        ½(μ² + σ² − 1 − log σ²), of the same shape. Sum it over the dimensions for the
        divergence of an example.

    Source: Kingma and Welling 2013, appendix B.

    >>> float(standard_normal_kl(2.0, 0.0))
    2.0
    """
    return mean_divergence(mean) + variance_divergence(log_var)


def mean_divergence(mean: Tensor) -> Tensor:
    """Part ½μ² of `standard_normal_kl` that the mean causes.

    >>> float(mean_divergence(2.0))
    2.0
    """
    return 0.5 * ops.square(floats(mean))


def variance_divergence(log_var: Tensor) -> Tensor:
    """Part ½(σ² − 1 − log σ²) of `standard_normal_kl` that the variance causes.

    >>> float(variance_divergence(0.0))
    0.0
    """
    log_var = floats(log_var)
    return 0.5 * (ops.exp(log_var) - 1.0 - log_var)


def normal_kl(
    mean: Tensor, log_var: Tensor, other_mean: Tensor, other_log_var: Tensor
) -> Tensor:
    """Divergence KL(N(μ, σ²) ‖ N(μ', σ'²)) of each dimension, in nats.

    Args:
        mean: Means μ, of shape (batch, latent_dim).
        log_var: Logarithms of the variances σ², of the same shape.
        other_mean: Means μ', of the same shape.
        other_log_var: Logarithms of the variances σ'², of the same shape.

    Returns:
        ½(σ²/σ'² + (μ − μ')²/σ'² − 1 − log σ²/σ'²), of the same shape.

    >>> float(normal_kl(2.0, 0.0, 0.0, 0.0))
    2.0
    """
    mean, log_var, other_mean, other_log_var = (
        floats(each) for each in (mean, log_var, other_mean, other_log_var)
    )
    distances = (mean - other_mean) * ops.exp(-0.5 * other_log_var)
    return standard_normal_kl(distances, log_var - other_log_var)
