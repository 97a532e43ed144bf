"""What a training step must know about replicas.

Keras optimizers sum the gradients of all replicas. A replica's loss therefore has to be
its *part* of the whole batch's loss, and noise has to be drawn for the whole batch,
each replica taking its own rows. Then any number of replicas computes what one
computes.
"""

from typing import NamedTuple

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
