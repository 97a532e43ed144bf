"""What quantizers take: positions of a map, and tokens."""

from typing import Any

import numpy as np

from keras_latent.graph import known_values
from keras_latent.tensors import float32_of, known_shape
from keras_latent.training.moved_by_data import in_training_step
from keras_latent.typing import Tensor


def positions_of(argument: str, values: Any, channels: int | None) -> Tensor:
    """Positions of a map as a float32 tensor; a training step looks at values itself.

    Raises:
        ValueError: If they have other channels, or are known not to be finite.
    """
    tensor = float32_of(argument, values, f"(batch, ..., {channels or 'channels'})")
    shape = known_shape(tensor)
    has_others = shape is not None and shape[-1] not in (channels, None)
    if channels is not None and has_others:
        raise ValueError(
            f"`{argument}` must have {channels} channels along its last axis. "
            f"Received: {argument} of shape {shape}"
        )
    known = None if in_training_step() else known_values(tensor)
    if known is not None and not np.isfinite(known).all():
        raise ValueError(
            f"`{argument}` must be finite. Received: {argument} with "
            f"{np.count_nonzero(~np.isfinite(known))} values that are not"
        )
    return tensor


def array_of(tokens: Any) -> np.ndarray:
    """Tokens as an array; whether it holds integers is to be seen.

    Raises:
        ValueError: If they are no array.
    """
    try:
        array = np.asarray(tokens)
    # What an object raises that is asked for an array is of any kind.
    except Exception:
        array = np.asarray(None)
    if array.dtype.kind == "O":
        raise ValueError(
            "`tokens` must hold integers. "
            f"Received: tokens of type {type(tokens).__name__}"
        )
    return array
