"""Terms of objectives, as functions of codes."""

import math
import numbers
from typing import Any

import keras
from keras import ops

from keras_latent.typing import Tensor
from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_positive_integer,
)


def _floats(value: Any) -> Tensor:
    """A tensor of floating point numbers; of integers, those in float32."""
    tensor = ops.convert_to_tensor(value)
    is_float = keras.backend.is_float_dtype(
        keras.backend.standardize_dtype(tensor.dtype)
    )
    return tensor if is_float else ops.cast(tensor, "float32")


def _rows(**values: Any) -> list[Tensor]:
    """Arrays of one shape in float32, of maps with all numbers of a row beside it.

    Raises:
        ValueError: If one is no array of rows, or has another shape than the first.
    """
    tensors = {}
    for name, value in values.items():
        if value is None:
            raise ValueError(
                f"`{name}` must be an array of shape (batch, latent_dim). "
                f"Received: {name}=None"
            )
        tensors[name] = ops.convert_to_tensor(value, "float32")
    first_name, first = next(iter(tensors.items()))
    for name, tensor in tensors.items():
        pairs = zip(tensor.shape, first.shape, strict=False)
        differ = any(None not in pair and pair[0] != pair[1] for pair in pairs)
        if len(tensor.shape) < 2 or len(tensor.shape) != len(first.shape) or differ:
            raise ValueError(
                f"`{name}` must have the shape (batch, latent_dim) of `{first_name}`, "
                f"{tuple(first.shape)}. Received: {name} of shape {tuple(tensor.shape)}"
            )
    size = math.prod(first.shape[1:])
    return [ops.reshape(tensor, (-1, size)) for tensor in tensors.values()]


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
    return 0.5 * ops.square(_floats(mean))


def variance_divergence(log_var: Tensor) -> Tensor:
    """Part ½(σ² − 1 − log σ²) of `standard_normal_kl` that the variance causes.

    >>> float(variance_divergence(0.0))
    0.0
    """
    log_var = _floats(log_var)
    return 0.5 * (ops.exp(log_var) - 1.0 - log_var)


def squared_distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean over the dimensions of (a − b)², of shape (batch,).

    >>> squared_distance([[0.0, 0.0]], [[1.0, 3.0]]).numpy().tolist()
    [5.0]
    """
    a, b = _rows(a=a, b=b)
    return ops.mean(ops.square(a - b), axis=-1)


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

    Raises:
        ValueError: If the shapes differ, or the margin is negative.

    Source: Hadsell, Chopra and LeCun 2006, equation 4.

    >>> different([[0.0]], [[0.0]], margin=2.0).numpy().tolist()
    [2.0]
    """
    if isinstance(margin, numbers.Real):
        check_in_range("margin", margin)
    return 0.5 * ops.square(ops.maximum(margin - distance(a, b), 0.0))


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
        _floats(each) for each in (mean, log_var, other_mean, other_log_var)
    )
    distances = (mean - other_mean) * ops.exp(-0.5 * other_log_var)
    return standard_normal_kl(distances, log_var - other_log_var)


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
        ValueError: If the estimator is unknown, shapes differ, or the data set is
            smaller than the batch.

    Source: Chen et al. 2018, equation 5 and appendix C.
    """
    check_choice("estimator", estimator, ("weighted", "stratified"))
    dataset_size = checked_positive_integer("dataset_size", dataset_size)
    z, mean, log_var = _rows(z=z, mean=mean, log_var=log_var)
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
    squares = ops.square(_rows(z=z)[0]) + math.log(2 * math.pi)
    prior = -0.5 * ops.sum(squares, axis=-1)
    return own - aggregate, aggregate - marginals, marginals - prior


_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def mmd(
    z: Tensor, prior_draws: Tensor, kernel: str = "imq", scale: float = 1.0
) -> Tensor:
    """Maximum mean discrepancy MMD² of codes and draws from a prior, without bias.

        1/(B(B − 1)) Σ_{i≠j} k(zᵢ, zⱼ) + the same of z̃ − 2/(B·B̃) Σᵢⱼ k(zᵢ, z̃ⱼ)

    It may be negative, being without bias, and is 0 on average where both are drawn
    from the same distribution. A sum over pairs of a single row is 0. With the squared
    distance r and C = 2·latent_dim·scale, the mean of r between draws of N(0, I):

        "imq"   k = Σₛ s·C / (s·C + r),   s in 0.1, 0.2, 0.5, 1, 2, 5, 10
        "rbf"   k = exp(−r / C)

    Args:
        z: Codes of shape (batch, ...).
        prior_draws: Draws z̃ from the prior, of shape (draws, ...).
        kernel: `"imq"` or `"rbf"`. Defaults to `"imq"`.
        scale: Factor of C, the variance of the prior's elements. Defaults to 1.0.

    Returns:
        A scalar.

    Raises:
        ValueError: If the kernel is unknown, or the codes' shapes differ.

    Source: Tolstikhin et al. 2018, algorithm 2; the seven scales are those of its code.

    >>> float(mmd([[0.0], [2.0]], [[0.0], [2.0]], kernel="rbf")) < 0
    True
    """
    check_choice("kernel", kernel, ("imq", "rbf"))
    check_in_range("scale", scale, low=1e-12)
    z, drawn = (ops.convert_to_tensor(a, "float32") for a in (z, prior_draws))
    if tuple(z.shape[1:]) != tuple(drawn.shape[1:]):
        raise ValueError(
            "`prior_draws` must have the shape of the codes, rows aside, "
            f"{tuple(z.shape[1:])}. Received: prior_draws of shape {tuple(drawn.shape)}"
        )
    size = math.prod(z.shape[1:])
    z, drawn = ops.reshape(z, (-1, size)), ops.reshape(drawn, (-1, size))
    width = 2.0 * size * scale

    def similarity(a: Tensor, b: Tensor) -> Tensor:
        r = ops.sum(ops.square(a[:, None] - b[None]), axis=-1)
        if kernel == "rbf":
            return ops.exp(-r / width)
        return sum(s * width / (s * width + r) for s in _SCALES)

    def among(a: Tensor) -> Tensor:
        count = ops.shape(a)[0]
        pairs = ops.cast(ops.maximum(count * (count - 1), 1), "float32")
        return (
            ops.sum(similarity(a, a) * (1.0 - ops.eye(count, dtype="float32"))) / pairs
        )

    return among(z) + among(drawn) - 2.0 * ops.mean(similarity(z, drawn))


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
        ValueError: If the kind is unknown, or shapes differ.

    Source: Kumar, Sattigeri and Balakrishnan 2018, equations 6 and 7.

    >>> off, on = covariance_deviations([[1.0, 1.0], [-1.0, -1.0]], None)
    >>> float(off), float(on)
    (2.0, 0.0)
    """
    check_choice("kind", kind, ("i", "ii"))
    if kind == "ii":
        mean, log_var = _rows(mean=mean, log_var=log_var)
    else:
        (mean,) = _rows(mean=mean)
    centred = mean - ops.mean(mean, axis=0)
    rows = ops.cast(ops.maximum(ops.shape(mean)[0], 1), "float32")
    covariance = ops.matmul(ops.transpose(centred), centred) / rows
    identity = ops.eye(mean.shape[1], dtype="float32")
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

    Source: Kumar, Sattigeri and Balakrishnan 2018, equations 6 and 7.

    >>> float(covariance_penalty([[1.0, 1.0], [-1.0, -1.0]], None))
    20.0
    """
    check_in_range("off_diagonal_weight", off_diagonal_weight)
    if diagonal_weight is None:
        diagonal_weight = (10.0 if kind == "i" else 1.0) * off_diagonal_weight
    check_in_range("diagonal_weight", diagonal_weight)
    off_diagonal, diagonal = covariance_deviations(mean, log_var, kind)
    return off_diagonal_weight * off_diagonal + diagonal_weight * diagonal


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
    log_weights = _floats(log_weights)
    if not log_weights.shape or log_weights.shape[-1] == 0:
        raise ValueError(
            "`log_weights` must hold the weights of at least one draw along its last "
            f"axis. Received: log_weights of shape {tuple(log_weights.shape)}"
        )
    return ops.logsumexp(log_weights, axis=-1) - math.log(log_weights.shape[-1])
