"""What a training step must know about replicas.

Keras optimizers sum the gradients of all replicas. A replica's loss therefore has to be
its *part* of the whole batch's loss, and noise has to be drawn for the whole batch,
each replica taking its own rows. Then any number of replicas computes what one
computes.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_latent.typing import Tensor


class Share(NamedTuple):
    """The rows of the whole batch that this replica holds.

    Args:
        rows: Number of rows here, a scalar int32 tensor.
        offset: Number of rows that the replicas before this one hold.
        total: Number of rows of all replicas together.
    """

    rows: Tensor
    offset: Tensor
    total: Tensor

    @property
    def fraction(self) -> Tensor:
        """This replica's part of the batch, in [0, 1]; the parts add up to 1."""
        rows, total = tf.cast(self.rows, tf.float32), tf.cast(self.total, tf.float32)
        return rows / tf.maximum(total, 1.0)


class Coupled(NamedTuple):
    """A term in which rows depend on each other, wanted for the whole batch.

    An objective returns it in the place of the term. The training step then gathers
    the rows of all replicas, and each replica keeps its own part of the term.

    Args:
        function: From the rows of the whole batch to one number a row, of shape
            (total,), or to a scalar; or to a tuple of them.
        rows: What it takes of the rows of this replica: a tensor of shape (batch, ...),
            or a structure of them.
    """

    function: Callable[[Any], Tensor]
    rows: Any

    def on_whole_batch(self, share: Share) -> Any:
        """Compute the term on the rows of all replicas.

        Args:
            share: The rows that this replica holds, of those that are there.

        Returns:
            The term of this replica's rows, of shape (share.rows,), or the scalar.
        """
        if not is_distributed():
            return self.function(self.rows)

        def own(term: Tensor) -> Tensor:
            if len(term.shape) == 0:
                return term
            return term[share.offset : share.offset + share.rows]

        return tf.nest.map_structure(own, self.function(gathered(self.rows, share)))


def coupled(function: Callable[[Any], Any], rows: Any, global_batch: bool) -> Any:
    """Terms in which rows depend on each other, of this replica's rows or of all.

    Args:
        function: As of `Coupled`.
        rows: As of `Coupled`.
        global_batch: Whether the rows of all replicas are wanted.

    Returns:
        What the function gives for this replica's rows: one number a row or a scalar,
        or a tuple of them.
    """
    if not global_batch or not is_distributed():
        return function(rows)
    here = tf.shape(tf.nest.flatten(rows)[0])[0]
    return Coupled(function, rows).on_whole_batch(current_share(here))


def is_distributed() -> bool:
    """Whether the code runs on one replica of several.

    >>> is_distributed()
    False
    """
    context = tf.distribute.get_replica_context()
    return context is not None and context.num_replicas_in_sync > 1


def replica_share(rows: Tensor) -> Share:
    """Ask the other replicas how many rows they hold.

    Outside a replica, or with one replica, the share is the whole batch. A last batch
    may be split unevenly, and a replica may be left with no row at all.

    Args:
        rows: Number of rows on this replica, an integer or a scalar tensor.

    Returns:
        This replica's `Share`.

    >>> int(replica_share(8).total)
    8
    """
    rows = tf.cast(rows, tf.int32)
    if not is_distributed():
        return Share(rows=rows, offset=tf.zeros_like(rows), total=rows)
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    here = context.replica_id_in_sync_group
    # Collectives on GPUs are made for floats; counts of rows are exact in float32.
    rows_here = tf.one_hot(here, replicas) * tf.cast(rows, tf.float32)
    rows_by_replica = tf.cast(context.all_reduce("SUM", rows_here), tf.int32)
    before = tf.range(replicas) < here
    return Share(
        rows=rows,
        offset=tf.reduce_sum(tf.where(before, rows_by_replica, 0)),
        total=tf.reduce_sum(rows_by_replica),
    )


_HERE = threading.local()
"""What the step knows of this replica, each of which has a thread of its own."""


@contextlib.contextmanager
def sharing(share: Share) -> Iterator[None]:
    """Let noise that is drawn inside know the replica's share, asked for once a step.

    Args:
        share: The rows that this replica holds.
    """
    before = getattr(_HERE, "share", None)
    _HERE.share = share
    try:
        yield
    finally:
        _HERE.share = before


def current_share(rows: Tensor) -> Share:
    """The share that the step has asked for; outside a step, it is asked for here.

    Args:
        rows: Number of rows on this replica.
    """
    known = getattr(_HERE, "share", None)
    return replica_share(rows) if known is None else known


def rows_that_are_there(like: Tensor) -> Tensor:
    """Weights of the rows of this replica: 1, and 0 of what stands where none is.

    Args:
        like: A tensor of shape (batch, ...), or of K rows for each example.

    Returns:
        Weights of shape (batch,), float32.

    >>> rows_that_are_there(tf.ones((3, 2))).numpy().tolist()
    [1.0, 1.0, 1.0]
    """
    rows = tf.shape(like)[0]
    if not is_distributed():
        return tf.ones((rows,))
    share = current_share(rows)
    draws = rows // tf.maximum(share.rows, 1)
    return tf.cast(tf.range(rows) < share.rows * draws, tf.float32)


def rowwise_noise(draw: Callable[[tuple], Tensor], like: Tensor) -> Tensor:
    """Draw noise for the whole batch and keep the rows of this replica.

    Replicas see different noise, and together the noise that one replica would see.

    Args:
        draw: From a shape to noise of that shape, the same on every replica, and with
            more rows the same in those that were there before.
        like: A tensor of shape (batch, ...), whose shape the noise takes; with K rows
            for each example, of shape (batch·K, ...).

    Returns:
        The noise, of the shape of `like`.
    """
    shape = keras.ops.shape(like)
    if not is_distributed():
        return draw(shape)
    share = current_share(shape[0])
    draws = shape[0] // tf.maximum(share.rows, 1)
    # One example more than there are: a replica without any holds one of zeros.
    noise = draw(((share.total + 1) * draws, *shape[1:]))
    start = share.offset * draws
    return noise[start : start + shape[0]]


def rowwise_gamma(alpha: Tensor, seed: Any) -> Tensor:
    """Draw from gamma distributions, on replicas what one replica would draw.

    The draws depend on the parameters of the rows before, so that those of all replicas
    are drawn. Gradients reach α, by implicit reparametrisation.

    Args:
        alpha: Shapes α of shape (batch, ...), or of K rows for each example.
        seed: An integer, or a `keras.random.SeedGenerator`.

    Returns:
        Draws of the shape of `alpha`.
    """
    if not is_distributed():
        return keras.random.gamma(
            keras.ops.shape(alpha), alpha, dtype="float32", seed=seed
        )
    share = current_share(tf.shape(alpha)[0])
    draws = tf.shape(alpha)[0] // tf.maximum(share.rows, 1)
    own = Share(share.rows * draws, share.offset * draws, share.total * draws)
    everyone = gathered(alpha, own)
    drawn = keras.random.gamma(
        keras.ops.shape(everyone), everyone, dtype="float32", seed=seed
    )
    here = drawn[own.offset : own.offset + own.rows]
    # A replica without a row holds one of zeros, which needs draws of some kind.
    missing = tf.shape(alpha)[0] - own.rows
    padding = [[0, missing], *[[0, 0]] * (len(alpha.shape) - 1)]
    return tf.pad(here, padding, constant_values=1.0)


def gathered(rows: Any, share: Share) -> Any:
    """Gather the rows of all replicas, in the order of the replicas.

    Gradients flow back to the replica that a row came from, added up over all replicas
    that used it. They are those of the whole batch if the losses of the replicas add up
    to the loss of the whole batch.

    Args:
        rows: This replica's rows, of shape (batch, ...), or a structure of such
            tensors. What comes after the first `share.rows` is left out.
        share: The rows that this replica holds.

    Returns:
        The same structure, of shape (total, ...).

    >>> gathered(tf.ones((3, 2)), replica_share(3)).shape
    TensorShape([3, 2])
    """
    if not is_distributed():
        return rows
    after = share.total - share.offset - share.rows

    def placed(rows: Tensor) -> Tensor:
        others = [[0, 0]] * (len(rows.shape) - 1)
        return tf.pad(rows[: share.rows], [[share.offset, after], *others])

    # A sum of what each replica puts in its place, because TensorFlow's own gathering
    # wants to know the shapes of the others.
    context = tf.distribute.get_replica_context()
    return context.all_reduce("SUM", tf.nest.map_structure(placed, rows))


def summed(tensors: Sequence[Any]) -> list[Any]:
    """The sums of tensors over all replicas, within one of them.

    Args:
        tensors: Tensors of any dtypes, of which TensorFlow adds up one at once.
    """
    context = tf.distribute.get_replica_context()
    sums: list[Any] = list(tensors)
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        places = [i for i, tensor in enumerate(tensors) if tensor.dtype == dtype]
        added = context.all_reduce("SUM", [tensors[i] for i in places])
        for place, value in zip(places, added, strict=True):
            sums[place] = value
    return sums
