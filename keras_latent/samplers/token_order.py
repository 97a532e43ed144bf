"""The tokens of a model as one sequence a picture, in the order of reading."""

from typing import Any

import numpy as np


class TokenOrder:
    """Maps of tokens, row by row, the levels of a position one after the other.

    Of several maps, the smallest comes first: it tells the larger ones.

    Args:
        token_shape: As of a discrete model: (h, w), (h, w, levels), or a dict of them.

    Attributes:
        maps: (height, width, levels) of each map, in that order.
        length: Number of tokens of a picture.
    """

    def __init__(self, token_shape: Any) -> None:
        named = token_shape if isinstance(token_shape, dict) else {None: token_shape}
        by_size = sorted(named, key=lambda name: int(np.prod(named[name])))
        self._shapes = {name: tuple(named[name]) for name in by_size}
        self.maps = [(*shape, 1)[:3] for shape in self._shapes.values()]
        self._ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes.values()])
        self.length = int(self._ends[-1])

    def to_sequences(self, tokens: Any) -> np.ndarray:
        """Tokens as a discrete model gives them → int32 of shape (count, length)."""
        named = tokens if isinstance(tokens, dict) else {None: tokens}
        rows = [
            np.asarray(named[name]).reshape(-1, int(np.prod(shape)))
            for name, shape in self._shapes.items()
        ]
        return np.concatenate(rows, axis=1).astype("int32")

    def to_tokens(self, sequences: np.ndarray) -> Any:
        """The way back."""
        parts = np.split(sequences, self._ends[:-1], axis=1)
        named = {
            name: part.reshape(-1, *shape)
            for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }
        return named.get(None, named)
