"""Codes whose elements are independent, made of codes whose elements may not be."""

from typing import Any

import keras
from keras import ops

from keras_latent.typing import Tensor


def permuted_columns(z: Tensor, seed: Any) -> Tensor:
    """Each column's rows in an order of its own.

    Args:
        z: Codes of shape (batch, latent_dim).
        seed: A `keras.random.SeedGenerator`.

    Source: Kim and Mnih 2018, algorithm 1.
    """
    noise = keras.random.uniform(ops.shape(z), dtype="float32", seed=seed)
    return ops.take_along_axis(z, ops.argsort(noise, axis=0), axis=0)


def discrimination(logits: Tensor, permuted_logits: Tensor) -> Tensor:
    """½·mean sp(−T(z)) + ½·mean sp(T(ẑ)), or 0 where there is no ẑ.

    Args:
        logits: T(z), of shape (batch,).
        permuted_logits: T(ẑ), of shape (others,).
    """
    others = ops.shape(permuted_logits)[0]
    of_codes = ops.mean(ops.softplus(-logits))
    count = ops.cast(ops.maximum(others, 1), "float32")
    of_permuted = ops.sum(ops.softplus(permuted_logits)) / count
    return ops.where(others > 0, 0.5 * of_codes + 0.5 * of_permuted, 0.0)
