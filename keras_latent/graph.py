"""Functions compiled to graphs, and what isn't in one."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


def compiled(function: Callable) -> Callable:
    """Compile a function of tensors, for loops that would wait for Python otherwise.

    Args:
        function: From tensors to tensors, without side effects in Python.

    Returns:
        The function as a graph.

    >>> float(compiled(lambda x: 2.0 * x)(tf.constant(3.0)))
    6.0
    """
    # TensorFlow warns of a function that is traced often, by where its code stands,
    # which a partial hasn't: each of ours is traced for one call, with the networks
    # that a model has then.
    whole = functools.partial(function)
    return tf.function(whole, autograph=False, reduce_retracing=True)


def known_values(x: Any) -> np.ndarray | None:
    """The numbers of an array or of an eager tensor; `None` of what has none yet.

    >>> known_values(tf.constant([1.0, 2.0])).tolist()
    [1.0, 2.0]
    """
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, tf.Variable):
        return x.numpy()
    is_eager = isinstance(x, tf.Tensor) and not tf.is_symbolic_tensor(x)
    return x.numpy() if is_eager else None
