"""What the encoder-decoders share: the pass over generated data, pairs, measures."""

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_latent.distributions import NormalParameters
from keras_latent.gradients import shared_pass, stop_gradient
from keras_latent.losses import different, mean_divergence, variance_divergence
from keras_latent.training.replicas import Coupled, is_distributed
from keras_latent.typing import Observation, Tensor


def encode_generated(
    encode: Callable[[Observation], Any],
    generated: Observation,
    repair: keras.layers.Layer | None,
) -> tuple[Any, Any]:
    """Encode x' and sg(x'): in one pass, or in two if x' is repaired for the second.

    Args:
        encode: From an observation to a code, or to the parameters of a posterior.
        generated: The generated observation x'.
        repair: A layer from an observation to a valid one, or `None`.

    Returns:
        E(x'), through which gradients reach x', and E(sg(x')), through which they
        don't.
    """
    if repair is None:
        return shared_pass(encode, generated)
    return encode(generated), encode(repair(stop_gradient(generated)))


def spread(z: Tensor, margin: float, global_batch: bool) -> Tensor | Coupled:
    """different(z of even rows, z of odd rows), laid out so that its mean is by pair.

    Args:
        z: Codes of shape (batch, latent_dim), paired by rows 0-1, 2-3, ...
        margin: Distance from which on codes are different enough.
        global_batch: Whether the rows of all replicas are paired, not those of each.

    Returns:
        The loss of each row's pair, of shape (batch,), 0 for a last row without a
        partner; scaled so that the mean over the batch is the mean over the pairs.
    """
    term = functools.partial(_spread, margin=margin)
    return Coupled(term, z) if global_batch and is_distributed() else term(z)


def _spread(z: Tensor, margin: float) -> Tensor:
    count = ops.shape(z)[0]
    paired = count // 2 * 2
    pairs = different(z[0:paired:2], z[1:paired:2], margin)
    by_row = ops.pad(ops.repeat(pairs, 2), ((0, count - paired),))
    scale = ops.cast(count, z.dtype) / ops.cast(ops.maximum(paired, 1), z.dtype)
    return scale * by_row


def divergences(
    of_x: NormalParameters, of_live: NormalParameters, of_stopped: NormalParameters
) -> dict[str, Tensor]:
    """The divergence from N(0, I) by variances, `kl`, and by means, `kl_mean`.

    Args:
        of_x: The posterior of x, which counts ⅛ in a sum without the factor ½.
        of_live: That of x', which counts ⅛.
        of_stopped: That of sg(x'), which counts ¼.

    Returns:
        Both of shape (batch,).
    """
    shares = ((of_x, 0.25), (of_live, 0.25), (of_stopped, 0.5))

    def summed(divergence: Callable[[NormalParameters], Tensor]) -> Tensor:
        return sum(share * ops.sum(divergence(q), axis=-1) for q, share in shares)

    return {
        "kl": summed(lambda q: variance_divergence(q.log_var)),
        "kl_mean": summed(lambda q: mean_divergence(q.mean)),
    }


def monitors(
    x: Observation, generated: Observation, z: Tensor, z_generated: Tensor
) -> dict[str, Tensor]:
    """What is logged beside the terms, by name."""
    return {
        "latent_length": latent_length(z, z_generated),
        "mse": mean_squared_error(x, generated),
    }


def latent_length(z: Tensor, z_generated: Tensor) -> Tensor:
    """½·(mean z² + mean z'²) over the dimensions, of shape (batch,)."""
    lengths = ops.square(z) + ops.square(z_generated)
    return 0.5 * ops.mean(lengths, axis=-1)


def mean_squared_error(x: Observation, generated: Observation) -> Tensor:
    """Mean squared error over dimensions, then over columns, of shape (batch,)."""
    errors = [
        ops.mean(
            ops.square(ops.cast(a, "float32") - b), axis=tuple(range(1, len(b.shape)))
        )
        for a, b in zip(
            keras.tree.flatten(x), keras.tree.flatten(generated), strict=True
        )
    ]
    return sum(errors) / len(errors)
