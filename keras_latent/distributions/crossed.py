"""Log-densities of many codes under many distributions, each under each."""

import math
from typing import Any

import tensorflow as tf
from keras import ops

from keras_latent.typing import Tensor

_ROWS_AT_ONCE = 50
"""Distributions that codes are put beside at once, lest all pairs fill the memory."""


def crossed_log_prob(distribution: Any, value: Tensor, parameters: Any) -> Tensor:
    """The log-density of each code under each row of parameters, pair by pair.

    Args:
        distribution: A `CodeDistribution` that takes parameters.
        value: Codes of shape (batch, *code_shape).
        parameters: A named tuple of tensors of shape (rows, ...).

    Returns:
        Nats of shape (batch, rows).
    """
    rows = parameters[0].shape[0]
    blocks: list[Tensor] = []
    for start in range(0, rows, _ROWS_AT_ONCE):
        some = [part[start : start + _ROWS_AT_ONCE] for part in parameters]
        # A graph would compute all of them at once.
        with tf.control_dependencies(blocks[-1:]):
            blocks.append(_of_pairs(distribution, value, type(parameters)(*some)))
    return ops.concatenate(blocks, axis=1)


def _of_pairs(distribution: Any, value: Tensor, parameters: Any) -> Tensor:
    codes, rows = ops.shape(value)[0], parameters[0].shape[0]
    z = ops.repeat(value, rows, axis=0)
    tiled = (
        ops.tile(part, (codes, *[1] * (len(part.shape) - 1))) for part in parameters
    )
    log_probs = distribution.log_prob(z, type(parameters)(*tiled))
    return ops.reshape(log_probs, (-1, rows))


def crossed_normal_log_prob(value: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """The log-density of each code under each normal distribution, without pairs.

    Squares that are multiplied out are products of matrices, which hold a number for
    each pair in place of one for each of its elements. They cancel, and are computed in
    float64, whose rounding is about the square of float32's: no more is lost than by
    the rounding of the codes, and no density comes out above its greatest value.

    Args:
        value: Codes of shape (batch, *code_shape).
        mean: Means of shape (rows, *code_shape).
        log_var: Logarithms of the variances, of the same shape.

    Returns:
        Nats of shape (batch, rows), float32.

    >>> log_probs = crossed_normal_log_prob([[0.0], [1.0]], [[1.0]], [[0.0]])
    >>> [f"{float(one):.4f}" for one in log_probs[:, 0]]
    ['-1.4189', '-0.9189']
    """
    mean = ops.convert_to_tensor(mean)
    size = math.prod(mean.shape[1:])
    z, mean, log_var = (
        ops.reshape(ops.cast(ops.convert_to_tensor(part), "float64"), (-1, size))
        for part in (value, mean, log_var)
    )
    # What all have in common would only cancel.
    centre = ops.mean(mean, axis=0)
    z, mean = z - centre, mean - centre
    precision = ops.exp(-log_var)
    squares = (
        ops.matmul(ops.square(z), ops.transpose(precision))
        - 2.0 * ops.matmul(z, ops.transpose(mean * precision))
        + ops.sum(ops.square(mean) * precision, axis=-1)
    )
    constants = ops.sum(log_var + math.log(2 * math.pi), axis=-1)
    squares = ops.maximum(squares, 0.0)
    return ops.cast(-0.5 * (squares + constants), "float32")
