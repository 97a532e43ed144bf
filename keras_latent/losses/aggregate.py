"""Codes under the average of the posteriors of a data set."""

import math

from keras import ops

from keras_latent.losses.rows import rows_of
from keras_latent.typing import Tensor
from keras_latent.validation import check_choice, checked_positive_integer


def aggregate_log_densities(
    z: Tensor,
    mean: Tensor,
    log_var: Tensor,
    dataset_size: int,
    estimator: str = "weighted",
) -> tuple[Tensor, Tensor, Tensor]:
    """Log-densities of codes under their posteriors and the average of all posteriors.

    The average over the N rows of a data set, q(z) = 1/N Σₙ q(z|xₙ), is estimated from
    the B rows of a batch as Σⱼ wᵢⱼ q(zᵢ|xⱼ), and each of its marginals likewise:

        "weighted"     wᵢⱼ = 1 / (N·B): too small by a factor, for small B
        "stratified"   wᵢᵢ = 1/N, wᵢⱼ = (N − 1) / (N·(B − 1)): without bias

    The stratified weights of one row are 1. They are an average over which other row
    stands for the rest; in code that is often copied, rows 0 and 1 take the weight of a
    row itself. The memory is B²·latent_dim numbers.

    Args:
        z: Draws zᵢ ~ q(z|xᵢ), of shape (batch, latent_dim).
        mean: Means of q(z|xᵢ), of the same shape.
        log_var: Logarithms of the variances of q(z|xᵢ), of the same shape.
        dataset_size: Number N of rows of the training set.
        estimator: `"weighted"` or `"stratified"`. Defaults to `"weighted"`.

    Returns:
        log q(zᵢ|xᵢ), log q(zᵢ) and log Πₗ q(zᵢₗ), each of shape (batch,).

    Raises:
        ValueError: If the estimator is unknown, one is no array of shape (batch,
            latent_dim), shapes differ, or the data set is smaller than the batch. A
            graph of any number of rows doesn't know that.

    Source: Chen et al. 2018, equation 5 and appendix C.
    """
    check_choice("estimator", estimator, ("weighted", "stratified"))
    dataset_size = checked_positive_integer("dataset_size", dataset_size)
    z, mean, log_var = rows_of(True, z=z, mean=mean, log_var=log_var)
    if isinstance(z.shape[0], int) and z.shape[0] > dataset_size:
        raise ValueError(
            f"`dataset_size` must be at least the number of rows, {z.shape[0]}. "
            f"Received: dataset_size={dataset_size}"
        )
    rows = ops.shape(z)[0]
    log_weights = _log_weights(rows, dataset_size, estimator)

    def log_normal(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
        squares = ops.square(z - mean) * ops.exp(-log_var)
        return -0.5 * (squares + log_var + math.log(2 * math.pi))

    # Of the code of row i under the posterior of row j, element by element.
    by_pair = log_normal(z[:, None], mean[None], log_var[None])
    aggregate = ops.logsumexp(log_weights + ops.sum(by_pair, axis=-1), axis=1)
    marginals = ops.logsumexp(log_weights[:, :, None] + by_pair, axis=1)
    own = ops.sum(log_normal(z, mean, log_var), axis=-1)
    return own, aggregate, ops.sum(marginals, axis=-1)


def _log_weights(rows: Tensor, dataset_size: int, estimator: str) -> Tensor:
    """Logarithms of the weights wᵢⱼ of `aggregate_log_densities`, (rows, rows)."""
    count, size = ops.cast(rows, "float32"), float(dataset_size)
    if estimator == "weighted":
        return ops.zeros((rows, rows), "float32") - ops.log(size * count)
    others = ops.maximum(count - 1.0, 1.0)
    rest = ops.log(max(size - 1.0, 1e-30) / (size * others))
    own = -math.log(size) * ops.cast(count > 1.0, "float32")
    return ops.where(ops.eye(rows) > 0, own, rest)


def decomposed_kl(
    z: Tensor,
    mean: Tensor,
    log_var: Tensor,
    dataset_size: int,
    estimator: str = "weighted",
) -> tuple[Tensor, Tensor, Tensor]:
    """The three parts of KL(q(z|x) ‖ N(0, I)) on average over a data set.

    Their sum is log q(z|x) − log p(z) of each row, whatever the estimator. Estimated
    parts may be negative, and the weighted total correlation holds a constant, (d −
    1)·log(N·B).

    Args:
        z: Draws zᵢ ~ q(z|xᵢ), of shape (batch, latent_dim).
        mean: Means of q(z|xᵢ), of the same shape.
        log_var: Logarithms of the variances of q(z|xᵢ), of the same shape.
        dataset_size: Number N of rows of the training set.
        estimator: `"weighted"` or `"stratified"`, see `aggregate_log_densities`.
            Defaults to `"weighted"`.

    Returns:
        The mutual information log q(z|x) − log q(z), the total correlation log q(z) −
        log Πₗ q(zₗ) and the dimension-wise divergence log Πₗ q(zₗ) − log p(z), in nats,
        each of shape (batch,).

    Source: Chen et al. 2018, equation 2.

    >>> parts = decomposed_kl([[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 0.0]], 1)
    >>> [float(part[0]) for part in parts]
    [0.0, 0.0, 0.5]
    """
    own, aggregate, marginals = aggregate_log_densities(
        z, mean, log_var, dataset_size, estimator
    )
    squares = ops.square(rows_of(z=z)[0]) + math.log(2 * math.pi)
    prior = -0.5 * ops.sum(squares, axis=-1)
    return own - aggregate, aggregate - marginals, marginals - prior
