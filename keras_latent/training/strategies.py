"""A strategy as a whole: whether it spreads a training, and how it can be compiled."""

import tensorflow as tf


def spans_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether a strategy's replicas may be in several processes.

    >>> spans_workers(tf.distribute.get_strategy())
    False
    """
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) and bool(
        strategy.cluster_resolver.cluster_spec().as_dict()
    )


def is_spread(strategy: tf.distribute.Strategy) -> bool:
    """Whether a strategy spreads each batch over replicas, or may.

    >>> is_spread(tf.distribute.get_strategy())
    False
    """
    return strategy.num_replicas_in_sync > 1 or spans_workers(strategy)


def check_scope(variable: tf.Variable) -> None:
    """Refuse to compile a model for other replicas than those it was made on.

    Args:
        variable: One of the model's, which tells where it was made.

    Raises:
        ValueError: If another strategy is at work.
    """
    current = tf.distribute.get_strategy()
    # Of one replica alone, a variable knows no strategy.
    strategy = getattr(variable, "distribute_strategy", None)
    if is_spread(current) and strategy is not current:
        raise ValueError(
            "`compile` must be called in the scope in which the model was made, or "
            "outside of any. Received: a model that was made outside of the scope of "
            f"{type(current).__name__}, compiled in it"
        )


def check_compilation(
    strategy: tf.distribute.Strategy, steps_per_execution: int, jit_compile: bool | str
) -> None:
    """Refuse arguments of `compile` that don't work on several replicas.

    Args:
        strategy: The strategy under which the model was made.
        steps_per_execution: As in `keras.Model.compile`.
        jit_compile: As in `keras.Model.compile`.

    Raises:
        ValueError: If several steps are to be run at once, or XLA is asked for.
    """
    if not is_spread(strategy):
        return
    if steps_per_execution != 1:
        raise ValueError(
            "`steps_per_execution` must be 1 on several replicas: Keras can't loop "
            "over batches that are spread over them. "
            f"Received: steps_per_execution={steps_per_execution!r}"
        )
    if jit_compile is True:
        raise ValueError(
            '`jit_compile` must be "auto" or False on several replicas: XLA can\'t '
            f"compile a step that they make together. Received: {jit_compile=}"
        )
