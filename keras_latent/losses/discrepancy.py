"""How far codes are from draws of a prior."""

import math

from keras import ops

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
