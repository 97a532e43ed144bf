"""Codes as arrays, checked: what every function of the latent space takes."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from keras_latent.kinds import as_numeric_array

ONE, MANY = (1, 3), (2, 4)
"""The ranks of one code and of many codes: vectors or maps."""

_SHAPES = {
    1: "(latent_dim,)",
    2: "(count, latent_dim)",
    3: "(height, width, channels)",
    4: "(count, height, width, channels)",
}


def as_vectors(argument: str, codes: Any, ranks: Collection[int] = MANY) -> np.ndarray:
    """Take codes as an array of shape (count, latent_dim), maps as what they hold.

    Args:
        argument: The argument's name, for the message.
        codes: Array-like or tensor of finite numbers, of shape (count, *code_shape).
        ranks: As for `as_codes`. Defaults to `(2, 4)`.

    Returns:
        The array, float32 or float64; of shape (latent_dim,) for one code.

    Raises:
        ValueError: If the shape is another, no code is there, or one isn't finite.

    >>> as_vectors("codes", np.zeros((5, 4, 4, 2))).shape
    (5, 32)
    """
    array = as_codes(argument, codes, ranks)
    return array.reshape(-1) if array.ndim in ONE else array.reshape(len(array), -1)


def as_codes(argument: str, codes: Any, ranks: Collection[int] = MANY) -> np.ndarray:
    """Take codes as an array of shape (count, *code_shape).

    Args:
        argument: The argument's name, for the message.
        codes: Array-like or tensor of finite numbers.
        ranks: The numbers of dimensions that are allowed: `MANY`, `ONE` for a single
            code, or some of them. Defaults to `(2, 4)`: many vectors or maps.

    Returns:
        The array, float32 or float64.

    Raises:
        ValueError: If the shape is another, no code is there, or one isn't finite.

    >>> as_codes("codes", [[1, 2]])
    array([[1., 2.]])
    >>> as_codes("codes", [1, 2])
    Traceback (most recent call last):
    ...
    ValueError: `codes` must have the shape (count, latent_dim) or (count, height,
    width, channels). Received: codes of shape (2,)
    """
    array = as_numeric_array(argument, codes)
    if array.size == 0:
        raise ValueError(
            f"`{argument}` must not be empty. "
            f"Received: {argument} of shape {array.shape}"
        )
    if array.ndim not in ranks:
        raise ValueError(
            f"`{argument}` must have the shape "
            f"{' or '.join(_SHAPES[rank] for rank in ranks)}. "
            f"Received: {argument} of shape {array.shape}"
        )
    return as_numbers(argument, array)


def as_numbers(argument: str, values: Any) -> np.ndarray:
    """Take values as an array, if they are finite numbers.

    Args:
        argument: The argument's name, for the message.
        values: Array-like or tensor of any shape.

    Returns:
        The array, as it is if it is float32 or float64, in float64 otherwise.

    Raises:
        ValueError: If there is no value, or one isn't a finite number.
    """
    array = as_numeric_array(argument, values)
    if not array.size:
        raise ValueError(
            f"`{argument}` must not be empty. "
            f"Received: {argument} of shape {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ValueError(
            f"`{argument}` must be finite. Received: {argument} with "
            f"{np.count_nonzero(~np.isfinite(array))} values that are not"
        )
    return array if array.dtype in ("float32", "float64") else array.astype("float64")


def check_latent_dim(argument: str, codes: np.ndarray, latent_dim: int) -> None:
    """Refuse codes that don't have the latent dimension of others.

    Args:
        argument: The argument's name, for the message.
        codes: Array of shape (..., latent_dim).
        latent_dim: The latent dimension of the others.

    Raises:
        ValueError: If `codes` has another.
    """
    if codes.shape[-1] != latent_dim:
        raise ValueError(
            f"`{argument}` must have the latent dimension {latent_dim}. "
            f"Received: {argument} of shape {codes.shape}"
        )


def check_code_shape(
    argument: str, codes: np.ndarray, code_shape: Sequence[int]
) -> None:
    """Refuse codes that don't have the shape of others.

    Args:
        argument: The argument's name, for the message.
        codes: Array of shape (..., *code_shape).
        code_shape: The shape of one of the others, (d,) or (h, w, c).

    Raises:
        ValueError: If `codes` has another.
    """
    is_vector = len(code_shape) == 1
    if is_vector and codes.ndim <= MANY[0]:
        check_latent_dim(argument, codes, code_shape[0])
    elif is_vector or codes.shape[-len(code_shape) :] != tuple(code_shape):
        kind = "vectors" if is_vector else "maps"
        raise ValueError(
            f"`{argument}` must be {kind} of shape {tuple(code_shape)}. "
            f"Received: {argument} of shape {codes.shape}"
        )
