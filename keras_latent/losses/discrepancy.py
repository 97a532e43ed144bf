"""How far codes are from draws of a prior."""

from keras import ops

from keras_latent.losses.rows import rows_of
from keras_latent.tensors import as_tensor, known_shape, shapes_fit
from keras_latent.typing import Tensor
from keras_latent.validation import check_choice, check_in_range

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
        ValueError: If the kernel is unknown, the codes' shapes differ, or there are
            none of either.

    Source: Tolstikhin et al. 2018, algorithm 2; the seven scales are those of its code.

    >>> float(mmd([[0.0], [2.0]], [[0.0], [2.0]], kernel="rbf")) < 0
    True
    """
    check_choice("kernel", kernel, ("imq", "rbf"))
    check_in_range("scale", scale, low=1e-12)
    z = as_tensor("z", z, "(batch, ...)", least_rank=2)
    drawn = as_tensor("prior_draws", prior_draws, "(draws, ...)", least_rank=2)
    shapes = known_shape(z), known_shape(drawn)
    codes, draws = (None if shape is None else shape[1:] for shape in shapes)
    if not shapes_fit(codes, draws):
        raise ValueError(
            "`prior_draws` must have the shape of the codes, rows aside, "
            f"{codes}. Received: prior_draws of shape {shapes[1]}"
        )
    (z,) = rows_of(True, z=z)
    (drawn,) = rows_of(True, prior_draws=drawn)
    size = ops.shape(z)[1]
    width = 2.0 * scale * (size if isinstance(size, int) else ops.cast(size, "float32"))

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
