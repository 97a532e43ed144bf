"""Tables of codes: what is nearest, and where a table starts."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.keras_internals import keep_exact
from keras_latent.likeliest import likeliest
from keras_latent.training import replicas
from keras_latent.training.moved_by_data import over_replicas
from keras_latent.typing import Tensor

_LLOYD_STEPS = 10


def new_codebook(num_codes: int, channels: int) -> keras.layers.Embedding:
    """A table of codes, uniform in ±1/√channels.

    It is a layer of Keras, so that an exported encoder knows its codes without this
    library. Quantizing a model's weights leaves it out.

    Args:
        num_codes: Number of codes.
        channels: The size of a code.
    """
    limit = channels**-0.5
    codebook = keras.layers.Embedding(
        num_codes,
        channels,
        embeddings_initializer=keras.initializers.RandomUniform(-limit, limit),
        dtype="float32",
    )
    codebook.build()
    keep_exact(codebook, "A table of codes stays as it is, lest tokens change.")
    return codebook


def all_codes(codebook: keras.layers.Embedding, like: Tensor) -> Tensor:
    """The table, (num_codes, channels), also as a part of a functional model.

    Args:
        codebook: The layer that holds it.
        like: What is quantized: a symbolic tensor of Keras in such a model.
    """
    if not isinstance(like, keras.KerasTensor):
        # A product, because the gradient of rows that are picked isn't dense else.
        return ops.multiply(codebook.embeddings, 1.0)
    zero = ops.cast(ops.sum(ops.zeros_like(like)), "int32")
    # No tensor, which the functional model would hold outside of its graph.
    return codebook(zero + np.arange(codebook.input_dim, dtype="int32"))


def nearest(e: Tensor, table: Tensor) -> Tensor:
    """The number of the code that is nearest to each position, int32.

    Args:
        e: Positions of shape (..., channels).
        table: Codes of shape (num_codes, channels).

    >>> nearest(ops.array([[0.9], [-3.0]]), ops.array([[0.0], [1.0]])).numpy().tolist()
    [1, 0]
    """
    flat = ops.reshape(e, (-1, e.shape[-1]))
    # ‖e − c‖² but for ‖e‖², which all codes share.
    squares = ops.sum(ops.square(table), axis=-1)
    distances = squares - 2.0 * ops.matmul(flat, ops.transpose(table))
    return ops.reshape(likeliest(-distances), (-1, *ops.shape(e)[1:-1]))


def random_rows(rows: Tensor, count: int, positions: int, seed: Any) -> Tensor:
    """Rows of the whole batch, drawn with replacement, the same on all replicas.

    Args:
        rows: Positions of this replica's rows, (batch · positions, channels).
        count: Number of rows to draw.
        positions: How many of them belong to one row of the batch.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        A tensor of shape (count, channels).
    """
    u = keras.random.uniform((count,), dtype="float32", seed=seed)
    own = ops.shape(rows)[0]
    if not replicas.is_distributed():
        return ops.take(rows, _drawn(u, own), axis=0)
    share = replicas.current_share(own // positions)
    index = _drawn(u, share.total * positions) - share.offset * positions
    is_here = ops.logical_and(index >= 0, index < share.rows * positions)
    picked = ops.take(rows, ops.clip(index, 0, own - 1), axis=0)
    return over_replicas(ops.where(is_here[:, None], picked, 0.0))


def k_means(rows: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Ten steps of Lloyd's algorithm.

    Args:
        rows: What is clustered, (count, channels).
        start: The first centroids, (num_codes, channels).

    Returns:
        The centroids, and the number of rows of each, at least 1.

    Source: Lloyd 1982.
    """
    num_codes = start.shape[0]

    def assigned(centroids: Tensor) -> tuple[Tensor, Tensor]:
        tokens = nearest(rows, centroids)
        counts = ops.segment_sum(ops.ones_like(rows[:, 0]), tokens, num_codes)
        return counts, ops.segment_sum(rows, tokens, num_codes)

    def step(_: Any, centroids: Tensor) -> Tensor:
        counts, sums = assigned(centroids)
        means = sums / ops.maximum(counts, 1.0)[:, None]
        return ops.where(counts[:, None] > 0.0, means, centroids)

    centroids = ops.fori_loop(0, _LLOYD_STEPS, step, start)
    return centroids, ops.maximum(assigned(centroids)[0], 1.0)


def gathered_rows(rows: Tensor, positions: int) -> Tensor:
    """The positions of the rows of all replicas, (total · positions, channels)."""
    if not replicas.is_distributed():
        return rows
    channels = rows.shape[-1]
    by_row = tf.reshape(rows, (-1, positions, channels))
    share = replicas.current_share(tf.shape(by_row)[0])
    return tf.reshape(replicas.gathered(by_row, share), (-1, channels))


def _drawn(u: Tensor, count: Tensor) -> Tensor:
    index = ops.cast(ops.floor(u * ops.cast(count, "float32")), "int32")
    return ops.minimum(index, count - 1)
