"""Ways between two codes."""

from typing import Any

import numpy as np

from keras_latent.latent_space.codes import MANY, ONE, as_codes
from keras_latent.validation import check_choice, checked_positive_integer

# Below this sine of the angle, two directions are parallel or opposite.
_PARALLEL = 1e-6


def interpolate(
    start: Any, end: Any, steps: int = 10, method: str = "linear"
) -> np.ndarray:
    """Codes on the way from one code to another, both ends among them.

    With t from 0 to 1 in equal steps:

        linear:     (1 − t)·start + t·end
        spherical:  direction sin((1 − t)ω)/sin ω · start/‖start‖ + sin(tω)/sin ω ·
                    end/‖end‖, length (1 − t)·‖start‖ + t·‖end‖, ω the angle between
                    the two

    Codes of a VAE lie near a sphere. The straight way between two of them leads through
    the inside, where the decoder saw few codes; the spherical one stays at their
    lengths. The length of a map is that of all its elements.

    Args:
        start: Code of shape code_shape, or codes of shape (count, *code_shape); what
            has three axes is one map.
        end: Code or codes of the same shape.
        steps: Codes on a way, the two ends included; at least 2. Defaults to 10.
        method: `"linear"` or `"spherical"`; spherical is linear where the angle has no
            plane: of parallel or opposite codes, and of a code that is 0. Defaults to
            `"linear"`.

    Returns:
        Array of shape (steps, *code_shape), or (count, steps, *code_shape), in the type
        of the codes. The first and the last code are `start` and `end` exactly.

    Raises:
        ValueError: If the shapes differ, a code isn't finite, `steps` is less than 2 or
            `method` is unknown.

    Source: Shoemake 1985, "Animating rotation with quaternion curves".

    >>> interpolate([0.0, 1.0], [2.0, 1.0], steps=3)
    array([[0., 1.],
           [1., 1.],
           [2., 1.]])
    """
    check_choice("method", method, _METHODS)
    steps = checked_positive_integer("steps", steps)
    if steps < 2:
        raise ValueError(
            f"`steps` must be at least 2, the two ends. Received: steps={steps}"
        )
    start, end = (
        as_codes(name, codes, ONE + MANY)
        for name, codes in (("start", start), ("end", end))
    )
    if start.shape != end.shape:
        raise ValueError(
            f"`end` must have the shape of `start`, {start.shape}. "
            f"Received: end of shape {end.shape}"
        )
    counted = start.shape[:1] if start.ndim in MANY else ()
    code_shape = start.shape[len(counted) :]
    start, end = (codes.reshape(*counted, -1) for codes in (start, end))
    dtype = np.result_type(start, end)
    t = np.linspace(0.0, 1.0, steps)[:, None]
    way = _METHODS[method](
        start[..., None, :].astype("float64"), end[..., None, :].astype("float64"), t
    ).astype(dtype)
    # The formula of the spherical way meets its ends to rounding only.
    way[..., 0, :], way[..., -1, :] = start, end
    return way.reshape(*counted, steps, *code_shape)


def _linear(start: np.ndarray, end: np.ndarray, t: np.ndarray) -> np.ndarray:
    return (1 - t) * start + t * end


def _spherical(start: np.ndarray, end: np.ndarray, t: np.ndarray) -> np.ndarray:
    start_length = np.linalg.norm(start, axis=-1, keepdims=True)
    end_length = np.linalg.norm(end, axis=-1, keepdims=True)
    is_zero = (start_length == 0) | (end_length == 0)
    from_direction = start / np.where(is_zero, 1, start_length)
    to_direction = end / np.where(is_zero, 1, end_length)
    # Half the angle by its tangent: the arc cosine is blind to small angles.
    omega = 2 * np.arctan2(
        np.linalg.norm(to_direction - from_direction, axis=-1, keepdims=True),
        np.linalg.norm(to_direction + from_direction, axis=-1, keepdims=True),
    )
    is_straight = is_zero | (np.sin(omega) < _PARALLEL)
    sine = np.where(is_straight, 1, np.sin(omega))
    direction = np.sin((1 - t) * omega) / sine * from_direction
    direction = direction + np.sin(t * omega) / sine * to_direction
    length = _linear(start_length, end_length, t)
    return np.where(is_straight, _linear(start, end, t), length * direction)


_METHODS = {"linear": _linear, "spherical": _spherical}
