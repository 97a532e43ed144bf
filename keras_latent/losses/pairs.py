"""Losses of pairs of codes that should agree or differ."""

from keras import ops

from keras_latent.losses.rows import rows_of
from keras_latent.tensors import as_tensor, is_tensor
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range


def squared_distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean over the dimensions of (a − b)², of shape (batch,).

    Raises:
        ValueError: If one is no array of shape (batch, latent_dim), or shapes differ.

    >>> squared_distance([[0.0, 0.0]], [[1.0, 3.0]]).numpy().tolist()
    [5.0]
    """
    a, b = rows_of(a=a, b=b)
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
        ValueError: If the shapes differ, or the margin is no number or negative.

    Source: Hadsell, Chopra and LeCun 2006, equation 4.

    >>> different([[0.0]], [[0.0]], margin=2.0).numpy().tolist()
    [2.0]
    """
    # A schedule holds it in a variable.
    if is_tensor(margin):
        margin = as_tensor("margin", margin, "()")
    else:
        check_in_range("margin", margin)
    return 0.5 * ops.square(ops.maximum(margin - distance(a, b), 0.0))
