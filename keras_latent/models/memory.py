"""Whether what is decoded at once fits into memory."""

import math
import os
from typing import Any

import keras

_GIB = 2**30


def check_draws(x: Any, draws: int) -> None:
    """Refuse more draws than memory holds decoded, before they are made.

    Args:
        x: Observations of shape (batch, ...), or a dict of them. Where the number of
            rows isn't known yet, it is taken for 1.
        draws: Number of draws of each row.

    Raises:
        ValueError: If the decoded draws alone, in float32, are larger than the memory.
    """
    columns = keras.tree.flatten(x)
    rows = columns[0].shape[0] or 1
    numbers = sum(math.prod(column.shape[1:]) for column in columns)
    needed, memory = 4 * rows * draws * numbers, memory_size()
    if memory is not None and needed > memory:
        raise ValueError(
            f"The draws must fit into memory: {draws} of each of {rows} rows of "
            f"{numbers} numbers are {needed / _GIB:.4g} GiB decoded, and there are "
            f"{memory / _GIB:.4g}. Lower the number of draws or the batch size. "
            f"Received: {draws} draws"
        )


def memory_size() -> int | None:
    """Bytes of memory of this machine; `None` where it doesn't tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
