"""What networks over the tokens of pictures share: maps in the order of reading."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_latent.networks.checks import is_map_shape
from keras_latent.validation import checked_positive_integer

Maps = Sequence[Sequence[int]]
"""(height, width, levels) of each map of tokens, in the order of reading."""


def check_token_maps(maps: Any, num_codes: Any) -> tuple[tuple[int, int, int], ...]:
    """Refuse what isn't the shapes of maps of tokens, or no number of codes.

    Args:
        maps: (height, width, levels) of each map.
        num_codes: Number of codes of each level.

    Returns:
        The shapes, as tuples.

    Raises:
        ValueError: If something else is given.

    >>> check_token_maps([(2, 3)], 5)
    Traceback (most recent call last):
    ...
    ValueError: `maps` must hold the (height, width, levels) of at least one map of
    tokens. Received: maps=[(2, 3)]
    """
    is_list = isinstance(maps, list | tuple) and len(maps) > 0
    if not is_list or not all(is_map_shape(each) for each in maps):
        raise ValueError(
            "`maps` must hold the (height, width, levels) of at least one map of "
            f"tokens. Received: maps={maps!r}"
        )
    num_codes = checked_positive_integer("num_codes", num_codes)
    return tuple((int(h), int(w), int(levels)) for h, w, levels in maps)


def tables_of(maps: Maps) -> np.ndarray:
    """The table of codes from which each token of a picture is.

    Args:
        maps: (height, width, levels) of each map.

    Returns:
        Integers of shape (length,), from 0: each level of each map has its own table.

    >>> tables_of([(1, 1, 1), (1, 2, 2)])
    array([0, 1, 2, 1, 2])
    """
    parts, first = [], 0
    for height, width, levels in maps:
        parts.append(first + np.tile(np.arange(levels), height * width))
        first += levels
    return np.concatenate(parts)


def check_labels_and_width(classes: Any, units: Any, blocks: Any) -> None:
    """Refuse what is no number of classes, units or blocks."""
    if classes != 0:
        classes = checked_positive_integer("classes", classes)
    units = checked_positive_integer("units", units)
    blocks = checked_positive_integer("blocks", blocks)
