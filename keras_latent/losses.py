"""Terms of objectives, as functions of codes."""

from keras import ops

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
    return 0.5 * ops.square(mean)


def variance_divergence(log_var: Tensor) -> Tensor:
    """Part ½(σ² − 1 − log σ²) of `standard_normal_kl` that the variance causes.

    >>> float(variance_divergence(0.0))
    0.0
    """
    return 0.5 * (ops.exp(log_var) - 1.0 - log_var)


def squared_distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean over the dimensions of (a − b)², of shape (batch,).

    >>> squared_distance([[0.0, 0.0]], [[1.0, 3.0]]).numpy().tolist()
    [5.0]
    """
    return ops.mean(ops.square(ops.subtract(a, b)), axis=-1)


def distance(a: Tensor, b: Tensor) -> Tensor:
    """Square root of `squared_distance`; its gradient at 0 is 0 instead of NaN.

    >>> distance([[1.0, 1.0]], [[1.0, 1.0]]).numpy().tolist()
    [0.0]
    """
    squared = squared_distance(a, b)
    # A root of 1 stands in at 0, because `where` would still multiply 0 by infinity.
    apart = squared > 0.0
    return ops.where(apart, ops.sqrt(ops.where(apart, squared, 1.0)), 0.0)


def same(a: Tensor, b: Tensor) -> Tensor:
    """Contrastive loss ½d² of codes that should agree, of shape (batch,).

    Source: Hadsell, Chopra and LeCun 2006, equation 4.

    >>> same([[0.0, 0.0]], [[1.0, 3.0]]).numpy().tolist()
    [2.5]
    """
    return 0.5 * squared_distance(a, b)


def different(a: Tensor, b: Tensor, margin: float = 1.0) -> Tensor:
    """Contrastive loss ½max(margin − d, 0)² of codes that should differ.

    Args:
        a: Codes of shape (batch, latent_dim).
        b: Codes of the same shape.
        margin: The distance from which on nothing is lost. Defaults to 1.0.

    Returns:
        The loss of each pair, of shape (batch,).

    Source: Hadsell, Chopra and LeCun 2006, equation 4.

    >>> different([[0.0]], [[0.0]], margin=2.0).numpy().tolist()
    [2.0]
    """
    return 0.5 * ops.square(ops.maximum(margin - distance(a, b), 0.0))
