"""How a training is spread over devices and machines."""

import tensorflow as tf
from rich.console import Console

from keras_latent.training import workers

STRATEGIES = ("auto", "none", "mirrored", "multiworker")
"""The choices, by their names on the command line."""


def find_strategy(name: str, console: Console) -> tf.distribute.Strategy:
    """Make a strategy; `"multiworker"`, before TensorFlow computes anything.

    Args:
        name: One of `STRATEGIES`.
        console: Where to say that the other workers are waited for.

    Raises:
        ValueError: If `TF_CONFIG` is needed and is missing or malformed.
        OSError: If another worker doesn't come.
    """
    if name == "multiworker":
        cluster = workers.read_cluster()
        place = f"{cluster.place + 1} of {len(cluster.addresses)}"
        console.print(f"Worker {place} waits for the others.", highlight=False)
        return workers.join_workers()
    several_gpus = len(tf.config.list_physical_devices("GPU")) > 1
    if name == "mirrored" or (name == "auto" and several_gpus):
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def sharing_by_rows() -> tf.data.Options:
    """Options of a dataset: each worker reads all and keeps its rows of each batch.

    By default, TensorFlow shares out files where it finds some, and the batches are no
    longer those of one process.
    """
    options = tf.data.Options()
    policy = tf.data.experimental.AutoShardPolicy.DATA
    options.experimental_distribute.auto_shard_policy = policy
    return options
