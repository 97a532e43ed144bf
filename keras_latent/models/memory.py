"""Whether what is decoded at once fits into memory."""

import math
import os
from typing import Any

import keras

_GIB = 2**30


def check_draws(x: Any, rows: int, **numbers: int) -> None:
    """Refuse more draws than memory holds decoded, before they are made.

    Args:
        x: Observations of shape (batch, ...), or a dict of them, or their specs.
        rows: Number of rows that are decoded at once.
        **numbers: Factors of the number of draws of each row, by the arguments that
            say them.

    Raises:
        ValueError: If the decoded draws alone, in float32, are larger than the memory.
    """
    size = sum(math.prod(column.shape[1:]) for column in keras.tree.flatten(x))
    draws = math.prod(numbers.values())
    needed, memory = 4 * rows * draws * size, memory_size()
    if memory is not None and needed > memory:
        names = " times ".join(f"`{name}`" for name in numbers)
        received = ", ".join(f"{name}={number}" for name, number in numbers.items())
        raise ValueError(
            f"{names} must be so small that the decoded draws fit into memory: {draws} "
            f"of each of {rows} rows of {size} numbers are {needed / _GIB:.4g} GiB, "
            f"and there are {memory / _GIB:.4g}. Lower it, or the batch size. "
            f"Received: {received}"
        )


def memory_size() -> int | None:
    """Bytes of memory of this machine; `None` where it doesn't tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
