"""The finite scalar quantizer: each channel is rounded to a few levels."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.quantizers.base import Quantized, Quantizer
from keras_latent.quantizers.pass_through import straight_through
from keras_latent.typing import Tensor
from keras_latent.validation import is_integer

_MARGIN = 1e-3
"""How far the bounds stay below what would be rounded to one level more."""


@keras.saving.register_keras_serializable(package="keras_latent")
class FiniteScalarQuantizer(Quantizer):
    """Each channel e of a position is rounded to one of L levels; no term, no state.

        b = tanh(e + s)·H − o,   z = round(b) / ⌊L/2⌋,   with the gradient of b / ⌊L/2⌋,
        H = (L−1)(1−10⁻³)/2,   o = ½ if L is even, else 0,   s = tan(o/H)

    The token of a position is Σᵢ (round(bᵢ) + ⌊Lᵢ/2⌋)·Πⱼ﹤ᵢ Lⱼ, so that there are ΠL.

    Args:
        levels: The number L of levels of each channel, at least 2; as many as the code
            has channels. 5 and more are advised: (8, 6, 5) gives 240 codes, (8, 5, 5,
            5) 1,000, (7, 5, 5, 5, 5) 4,375, (8, 8, 8, 6, 5) 15,360. Defaults to
            `(8, 5, 5, 5)`.
        **kwargs: `name` and `trainable` of a Keras layer.

    Call arguments:
        e: What an encoder gives, of shape (batch, ..., channels).

    Returns:
        A `Quantized` with codes in [−1, 1].

    Raises:
        ValueError: If `levels` isn't as described.

    Source: Mentzer et al. 2023, "Finite scalar quantization", sections 3.1 and A.1.

    >>> quantizer = FiniteScalarQuantizer((3, 5))
    >>> quantizer(ops.array([[-9.0, 0.0]])).tokens.numpy().tolist()
    [6]
    """

    def __init__(self, levels: Sequence[int] = (8, 5, 5, 5), **kwargs: Any) -> None:
        is_sequence = isinstance(levels, list | tuple) and len(levels) > 0
        if not is_sequence or not all(is_integer(n) and n > 1 for n in levels):
            raise ValueError(
                "`levels` must be a sequence of at least one integer, each of at least "
                f"2. Received: levels={levels!r}"
            )
        super().__init__(**kwargs)
        levels = self.levels = tuple(int(n) for n in levels)
        self._halves = [float(n // 2) for n in levels]
        self._bases = [math.prod(levels[:i]) for i in range(len(levels))]
        self._bounds = [(n - 1) * (1 - _MARGIN) / 2 for n in levels]
        self._offsets = [0.5 if n % 2 == 0 else 0.0 for n in levels]
        self._shifts = [
            math.tan(offset / bound)
            for offset, bound in zip(self._offsets, self._bounds, strict=True)
        ]
        # The levels tell the size of a code.
        self.build_for(len(levels))

    @property
    def num_codes(self) -> int:
        """The product of the levels."""
        return math.prod(self.levels)

    @property
    def term_weights(self) -> dict[str, float]:
        """None."""
        return {}

    def make_codes(self, channels: int) -> None:
        """Refuse codes of another size than there are levels."""
        self.check_size(channels, len(self.levels))

    def call(self, e: Tensor, training: bool = False) -> Quantized:
        """Bound and round each channel."""
        bounded = self._bounded(e)
        digits = ops.round(bounded)
        codes = straight_through(_scaled(bounded, self._halves), self._code(digits))
        return Quantized(codes, self._token(digits), {})

    def tokens_of(self, e: Tensor) -> Tensor:
        """The tokens of the rounded channels."""
        return self._token(ops.round(self._bounded(self.as_input(e))))

    def look_up(self, tokens: Tensor) -> Tensor:
        """The codes of tokens."""
        bases = np.asarray(self._bases, "int32")
        counts = np.asarray(self.levels, "int32")
        digits = ops.mod(ops.floor_divide(tokens[..., None], bases), counts)
        return self._code(ops.cast(digits, "float32") - self._row(self._halves))

    def nearest_tokens(self, z: Tensor) -> Tensor:
        """The tokens of the nearest codes, channel by channel."""
        digits = ops.round(self.as_codes(z) * self._row(self._halves))
        highest = [
            n - 1 - half for n, half in zip(self.levels, self._halves, strict=True)
        ]
        lowest = [-half for half in self._halves]
        return self._token(ops.clip(digits, self._row(lowest), self._row(highest)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        return {**config, "levels": list(self.levels)}

    def _bounded(self, e: Tensor) -> Tensor:
        shifted = ops.tanh(e + self._row(self._shifts))
        return shifted * self._row(self._bounds) - self._row(self._offsets)

    def _code(self, digits: Tensor) -> Tensor:
        return _scaled(digits, self._halves)

    def _token(self, digits: Tensor) -> Tensor:
        places = ops.cast(digits + self._row(self._halves), "int32")
        return ops.sum(places * np.asarray(self._bases, "int32"), axis=-1)

    def _row(self, numbers: list[float]) -> Tensor:
        return np.asarray(numbers, "float32")


def _scaled(values: Tensor, halves: list[float]) -> Tensor:
    return values / np.asarray(halves, "float32")
