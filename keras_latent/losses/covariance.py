"""How far the covariance of codes is from the identity."""

from keras import ops

from keras_latent.losses.rows import rows_of
from keras_latent.typing import Tensor
from keras_latent.validation import check_choice, check_in_range


def covariance_deviations(
    mean: Tensor, log_var: Tensor, kind: str = "i"
) -> tuple[Tensor, Tensor]:
    """How far the covariance C of codes is from the identity.

    C is that of the means over the batch, divided by the number of rows, and for kind
    "ii" the mean variance of each dimension is added to its diagonal.

    Args:
        mean: Means of q(z|x), of shape (batch, latent_dim).
        log_var: Logarithms of the variances of q(z|x), of the same shape.
        kind: `"i"` or `"ii"`. Defaults to `"i"`.

    Returns:
        Σ_{i≠j} Cᵢⱼ² and Σᵢ (Cᵢᵢ − 1)², scalars.

    Raises:
        ValueError: If the kind is unknown, shapes differ, or there is no row.

    Source: Kumar, Sattigeri and Balakrishnan 2018, equations 6 and 7.

    >>> off, on = covariance_deviations([[1.0, 1.0], [-1.0, -1.0]], None)
    >>> float(off), float(on)
    (2.0, 0.0)
    """
    check_choice("kind", kind, ("i", "ii"))
    if kind == "ii":
        mean, log_var = rows_of(True, mean=mean, log_var=log_var)
    else:
        (mean,) = rows_of(True, mean=mean)
    centred = mean - ops.mean(mean, axis=0)
    rows = ops.cast(ops.maximum(ops.shape(mean)[0], 1), "float32")
    covariance = ops.matmul(ops.transpose(centred), centred) / rows
    identity = ops.eye(ops.shape(mean)[1], dtype="float32")
    diagonal = ops.sum(covariance * identity, axis=0)
    if kind == "ii":
        diagonal = diagonal + ops.mean(ops.exp(log_var), axis=0)
    off_diagonal = ops.sum(ops.square(covariance * (1.0 - identity)))
    return off_diagonal, ops.sum(ops.square(diagonal - 1.0))


def covariance_penalty(
    mean: Tensor,
    log_var: Tensor,
    kind: str = "i",
    off_diagonal_weight: float = 10.0,
    diagonal_weight: float | None = None,
) -> Tensor:
    """The weighted sum of `covariance_deviations`, the penalty of DIP-VAE.

    Args:
        mean: Means of q(z|x), of shape (batch, latent_dim).
        log_var: Logarithms of the variances of q(z|x), of the same shape.
        kind: `"i"`: of the means alone; `"ii"`: with the variances. Defaults to `"i"`.
        off_diagonal_weight: Weight of Σ_{i≠j} Cᵢⱼ². Defaults to 10.0.
        diagonal_weight: Weight of Σᵢ (Cᵢᵢ − 1)². Defaults to `None`: for kind "i" ten
            times `off_diagonal_weight`, for "ii" the same, as `DIPVAE` has it.

    Returns:
        A scalar.

    Raises:
        ValueError: If the kind is unknown, shapes differ, there is no row, or a weight
            is negative.

    Source: Kumar, Sattigeri and Balakrishnan 2018, equations 6 and 7.

    >>> float(covariance_penalty([[1.0, 1.0], [-1.0, -1.0]], None))
    20.0
    """
    check_choice("kind", kind, ("i", "ii"))
    check_in_range("off_diagonal_weight", off_diagonal_weight)
    if diagonal_weight is None:
        diagonal_weight = (10.0 if kind == "i" else 1.0) * off_diagonal_weight
    check_in_range("diagonal_weight", diagonal_weight)
    off_diagonal, diagonal = covariance_deviations(mean, log_var, kind)
    return off_diagonal_weight * off_diagonal + diagonal_weight * diagonal
