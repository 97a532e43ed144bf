"""What distributions take: values, parameters, shapes of draws, and seeds."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_latent.graph import known_values
from keras_latent.tensors import float32_of, is_tensor, known_shape, shapes_fit
from keras_latent.typing import Tensor
from keras_latent.validation import checked_seed, is_integer


def named_parameters(kind: Any, parameters: tuple, channels_of: Any) -> Any:
    """Parameters by name, in float32, if they are as many and as large as they must.

    Args:
        kind: The named tuple that they make.
        parameters: One tensor for each name.
        channels_of: From the size of the last axis of the first to those of all, as
            `CodeDistribution.parameter_channels`.

    Raises:
        ValueError: If one is missing, no tensor, or of a shape that doesn't fit.
    """
    names = kind._fields
    if len(parameters) != len(names):
        raise ValueError(
            f"`parameters` must hold {', '.join(names)}. "
            f"Received: parameters with {len(parameters)} parts"
        )
    made = [
        float32_of(f"parameters.{name}", part, "(batch, ..., channels)")
        for name, part in zip(names, parameters, strict=True)
    ]
    shape = known_shape(made[0])
    if shape is not None and shape[-1] is not None:
        sizes = channels_of(shape[-1]).values()
        for name, part, size in zip(names, made, sizes, strict=True):
            own, expected = known_shape(part), (*shape[:-1], size)
            if not shapes_fit(own, expected):
                raise ValueError(
                    f"`parameters.{name}` must have the shape {expected}, as "
                    f"`parameters.{names[0]}` has {shape}. "
                    f"Received: parameters.{name} of shape {own}"
                )
    is_same = type(parameters) is kind and all(
        a is b for a, b in zip(parameters, made, strict=True)
    )
    return parameters if is_same else kind(*made)


def check_same_shape(**tensors: Tensor) -> None:
    """Refuse two tensors whose shapes differ, which broadcasting would hide.

    Args:
        **tensors: The two, by the names that the message gives them. A size that isn't
            known yet goes with any.

    Raises:
        ValueError: If they differ.
    """
    shapes = [known_shape(tensor) for tensor in tensors.values()]
    if not shapes_fit(*shapes):
        names = " and ".join(f"`{name}`" for name in tensors)
        received = ", ".join(
            f"{name}.shape={shape}" for name, shape in zip(tensors, shapes, strict=True)
        )
        raise ValueError(f"{names} must have the same shape. Received: {received}")


def check_at_least(argument: str, values: Any, least: float, rule: str) -> None:
    """Refuse known values of which one is less than the least.

    NaN is left to whoever looks for it: a network that has gone wrong gives it, and
    then no argument is at fault.

    Args:
        argument: What they are, for the message.
        values: A tensor, whose values may be unknown yet.
        least: The least number that is taken.
        rule: What they must be, for the message.

    Raises:
        ValueError: If there is one.

    >>> scale = np.array([1.0, -2.0])
    >>> check_at_least("parameters.scale", scale, 1e-30, "positive")
    Traceback (most recent call last):
    ...
    ValueError: `parameters.scale` must be positive. Received: parameters.scale with -2
    """
    known = known_values(values)
    if known is not None and np.any(known < least):
        bad = known[known < least][0]
        raise ValueError(
            f"`{argument}` must be {rule}. Received: {argument} with {bad:.6g}"
        )


def check_event(value: Tensor, event: Sequence[int | None]) -> None:
    """Refuse values of another event than a prior was made for.

    Raises:
        ValueError: If the shape of `value` isn't (batch, *event).
    """
    shape = known_shape(value)
    if not shapes_fit(shape, (None, *event)):
        raise ValueError(
            f"`value` must have the shape {_with_batch(event)}. "
            f"Received: value.shape={shape}"
        )


def checked_event(argument: str, event: Any) -> tuple[int, ...]:
    """The shape of one value, as integers.

    Raises:
        ValueError: If it isn't a sequence of at least one positive integer.

    >>> checked_event("code_shape", 3)
    Traceback (most recent call last):
    ...
    ValueError: `code_shape` must be a sequence of at least one positive integer.
    Received: code_shape=3
    """
    sizes = _listed(event)
    if not sizes or not all(is_integer(size) and size > 0 for size in sizes):
        raise ValueError(
            f"`{argument}` must be a sequence of at least one positive integer. "
            f"Received: {argument}={event!r}"
        )
    return tuple(int(size) for size in sizes)


def draw_shape(
    shape: Any, event: Sequence[Any] | None = None, last: int | None = None
) -> Any:
    """The shape of draws that no parameters tell, sizes of graphs among them.

    Args:
        shape: What was given for it.
        event: The shape of one value, where it is known. Defaults to `None`.
        last: The size of its last axis, where that alone is known. Defaults to `None`.

    Raises:
        ValueError: If it isn't (batch, *event).
    """
    values = known_values(shape)
    if values is None and is_tensor(shape):
        return shape  # Only the graph knows it.
    sizes = _listed(shape if values is None else values.tolist())
    known = [size if is_integer(size) else None for size in sizes]
    are_sizes = all(
        size >= 0 if is_integer(size) else is_tensor(size) and size.shape == ()
        for size in sizes
    )
    if event is None and last is not None:
        event = (*known[1:-1], last)
    expected = None if event is None else (None, *event)
    if len(sizes) < 2 or not are_sizes or not shapes_fit(known, expected):
        raise ValueError(
            f"`shape` must be {_with_batch(event or ('*code_shape',))}, as there are "
            f"no parameters to tell it. Received: shape={shape!r}"
        )
    return tuple(sizes)


def draw_seed(seed: Any) -> Any:
    """The seed of a draw, as Keras takes it.

    Raises:
        ValueError: If it is neither an integer of at least 0, nor a
            `keras.random.SeedGenerator`, nor `None`.
    """
    if seed is None or isinstance(seed, keras.random.SeedGenerator):
        return seed
    if is_integer(seed):
        return checked_seed(seed)
    raise ValueError(
        "`seed` must be an integer, a keras.random.SeedGenerator or None. "
        f"Received: seed={seed!r}"
    )


def seeds_of(seed: Any, count: int) -> list[Any]:
    """Seeds of several draws that are to differ, from one for all of them.

    Args:
        seed: An integer; or a `keras.random.SeedGenerator` or `None`, which give
            another draw each time.
        count: Number of draws.

    Raises:
        ValueError: If it is none of these.
    """
    seed = draw_seed(seed)
    if not isinstance(seed, int):
        return [seed] * count
    return np.random.SeedSequence(seed).generate_state(count).tolist()


def check_built(distribution: Any) -> None:
    """Refuse to use a prior before a model has told it what its codes are.

    Raises:
        ValueError: If it has no weights yet.
    """
    if not distribution.built:
        raise ValueError(
            "`prior` must be given to a model before it is used, if it has weights. "
            f"Received: prior={distribution.name!r}, which no model has built"
        )


def _listed(sizes: Any) -> list[Any]:
    """The elements; none of what has none, and of text."""
    try:
        return [] if isinstance(sizes, str | bytes | dict) else list(sizes)
    except Exception:  # What an object raises that can't be iterated is of any kind.
        return []


def _with_batch(event: Sequence[Any]) -> str:
    return f"(batch, {', '.join(map(str, event))})"
