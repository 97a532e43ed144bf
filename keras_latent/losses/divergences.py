"""Divergences of normal distributions, element by element."""

from keras import ops

from keras_latent.losses.rows import floats_of
from keras_latent.typing import Tensor


def standard_normal_kl(mean: Tensor, log_var: Tensor) -> Tensor:
    """Divergence KL(N(mean, exp(log_var)) ‖ N(0, 1)) of each dimension, in nats.

    Args:
        mean: Means μ, of shape (batch, latent_dim); or a number.
        log_var: Logarithms of the variances σ², of the same shape; or a number.

    Returns:
        ½(μ² + σ² − 1 − log σ²), of the same shape. Sum it over the dimensions for the
        divergence of an example.

    Raises:
        ValueError: If one is no array of numbers, or shapes differ.

    Source: Kingma and Welling 2013, appendix B.

    >>> float(standard_normal_kl(2.0, 0.0))
    2.0
    """
    mean, log_var = floats_of(mean=mean, log_var=log_var)
    return mean_divergence(mean) + variance_divergence(log_var)


def mean_divergence(mean: Tensor) -> Tensor:
    """Part ½μ² of `standard_normal_kl` that the mean causes.

    >>> float(mean_divergence(2.0))
    2.0
    """
    (mean,) = floats_of(mean=mean)
    return 0.5 * ops.square(mean)


def variance_divergence(log_var: Tensor) -> Tensor:
    """Part ½(σ² − 1 − log σ²) of `standard_normal_kl` that the variance causes.

    >>> float(variance_divergence(0.0))
    0.0
    """
    (log_var,) = floats_of(log_var=log_var)
    return 0.5 * (ops.exp(log_var) - 1.0 - log_var)


def normal_kl(
    mean: Tensor, log_var: Tensor, other_mean: Tensor, other_log_var: Tensor
) -> Tensor:
    """Divergence KL(N(μ, σ²) ‖ N(μ', σ'²)) of each dimension, in nats.

    Args:
        mean: Means μ, of shape (batch, latent_dim); each of the four may be a number.
        log_var: Logarithms of the variances σ², of the same shape.
        other_mean: Means μ', of the same shape.
        other_log_var: Logarithms of the variances σ'², of the same shape.

    Returns:
        ½(σ²/σ'² + (μ − μ')²/σ'² − 1 − log σ²/σ'²), of the same shape.

    Raises:
        ValueError: If one is no array of numbers, or shapes differ.

    >>> float(normal_kl(2.0, 0.0, 0.0, 0.0))
    2.0
    """
    mean, log_var, other_mean, other_log_var = floats_of(
        mean=mean,
        log_var=log_var,
        other_mean=other_mean,
        other_log_var=other_log_var,
    )
    distances = (mean - other_mean) * ops.exp(-0.5 * other_log_var)
    return standard_normal_kl(distances, log_var - other_log_var)
