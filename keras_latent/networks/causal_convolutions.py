"""Masked convolutions over tokens, each of which sees those before it alone."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from keras_latent.layers.masked_convolution import MaskedConv2D
from keras_latent.networks.token_maps import (
    Maps,
    check_labels_and_width,
    check_token_maps,
)
from keras_latent.typing import Tensor

_FIRST_SIDE = 5
_SIDE = 3


@keras.saving.register_keras_serializable(package="keras_latent")
class CausalConvolutions(keras.Model):
    """From the tokens of a picture to the logits of each, given those before it.

    Pictures are read map by map, row by row, the levels of a position one after the
    other. Two stacks of masked convolutions with shortcuts run over a map: one sees the
    rows down to the own one, the other what was read before, and what the first has
    seen above, so that nothing above is missed. A level is told the levels before it; a
    map all maps before it, whose positions are repeated to its size.

    Args:
        maps: (height, width, levels) of each map of tokens, in the order of reading.
        num_codes: Number K of codes of each level.
        classes: Number of labels. Defaults to 0.
        units: Channels of the stacks. Defaults to 64.
        blocks: Number of convolutions of each stack after the first. Defaults to 5.
        **kwargs: `name` and `dtype` of the model.

    Call arguments:
        inputs: A list of tokens, integers of shape (batch, length), and labels,
            integers of shape (batch,), of which `classes` stands for none.

    Returns:
        Logits of shape (batch, length, K), of which those of a token depend on the
        tokens before it.

    Raises:
        ValueError: If an argument isn't as described.

    Source: van den Oord et al. 2016, "Conditional image generation with PixelCNN
    decoders", section 2.2, with sums in place of gates; Razavi, van den Oord and
    Vinyals 2019, section 3.2, for maps that are told others.

    >>> network = CausalConvolutions([(2, 2, 1)], num_codes=3, units=8, blocks=1)
    >>> network([np.zeros((5, 4), "int32"), np.zeros(5, "int32")]).shape
    TensorShape([5, 4, 3])
    """

    def __init__(
        self,
        maps: Maps,
        num_codes: int,
        classes: int = 0,
        units: int = 64,
        blocks: int = 5,
        **kwargs: Any,
    ) -> None:
        maps = check_token_maps(maps, num_codes)
        check_labels_and_width(classes, units, blocks)
        super().__init__(**kwargs)
        self.maps = maps
        self.num_codes = num_codes
        self.classes = classes
        self.units = units
        self.blocks = blocks
        self.of_maps = [
            _OfMap(maps[: i + 1], num_codes, classes, units, blocks, self.dtype_policy)
            for i in range(len(maps))
        ]
        self.built = True

    def call(self, inputs: list[Tensor], training: bool = False) -> Tensor:
        """The logits of all tokens, in one pass."""
        tokens, labels = inputs
        tokens = ops.cast(tokens, "int32")
        read: list[Tensor] = []
        parts, start = [], 0
        for shape, of_map in zip(self.maps, self.of_maps, strict=True):
            end = start + int(np.prod(shape))
            read.append(ops.reshape(tokens[:, start:end], (-1, *shape)))
            parts.append(of_map(read, labels))
            start = end
        return ops.concatenate(parts, axis=1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ["num_codes", "classes", "units", "blocks"]
        return {
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
            "maps": [list(each) for each in self.maps],
            **{name: getattr(self, name) for name in names},
        }


class _OfMap(layers.Layer):
    """The network of the last of some maps, which is told those before it."""

    def __init__(
        self,
        maps: Maps,
        num_codes: int,
        classes: int,
        units: int,
        blocks: int,
        dtype: Any,
    ) -> None:
        super().__init__(dtype=dtype)
        self.shape = tuple(maps[-1])
        self.units = units
        height, width, levels = self.shape

        def masked(side: int, mask: str) -> MaskedConv2D:
            layer = MaskedConv2D(units, side, mask, dtype=dtype)
            layer.build((None, height, width, units))
            return layer

        def plain() -> layers.Conv2D:
            layer = layers.Conv2D(units, _SIDE, padding="same", dtype=dtype)
            layer.build((None, None, None, units))
            return layer

        def dense(size: int, **kwargs: Any) -> layers.Dense:
            layer = layers.Dense(size, **{"dtype": dtype, **kwargs})
            layer.build((None, units))
            return layer

        def embedding(count: int) -> layers.Embedding:
            layer = layers.Embedding(count, units, dtype=dtype)
            layer.build((None,))
            return layer

        self.embeddings = [embedding(num_codes) for _ in range(levels)]
        self.label_embedding = embedding(classes + 1)
        self.position_embedding = embedding(height * width)
        self.others = [[embedding(num_codes) for _ in range(n)] for *_, n in maps[:-1]]
        self.around = [[plain(), plain()] for _ in maps[:-1]]
        self.enlarged = [plain() for _ in maps[:-1]]
        self.first_rows = masked(_FIRST_SIDE, "rows")
        self.first_before = masked(_FIRST_SIDE, "before")
        # Nothing asks for the rows after the last of them.
        self.rows = [masked(_SIDE, "rows") for _ in range(blocks - 1)]
        self.until = [masked(_SIDE, "until") for _ in range(blocks)]
        self.above = [masked(_SIDE, "above") for _ in range(blocks)]
        self.mixed_rows = [dense(units) for _ in range(blocks - 1)]
        self.mixed = [dense(units) for _ in range(blocks)]
        self.last = dense(units)
        # As it is for the levels after the first.
        self.levels_before = [embedding(num_codes) for _ in range(levels - 1)]
        self.to_logits = [
            dense(num_codes, dtype="float32", name=f"logits_{level}")
            for level in range(levels)
        ]
        self.built = True

    def call(self, maps: list[Tensor], labels: Tensor) -> Tensor:
        """Logits of shape (batch, length of the last map, K)."""
        height, width, levels = self.shape
        tokens = maps[-1]
        given = self.label_embedding(labels)[:, None, None]
        places = self.position_embedding(np.arange(height * width))
        given = given + ops.reshape(places, (1, height, width, self.units))
        for i, other in enumerate(maps[:-1]):
            told = _embedded(other, self.others[i])
            for layer in self.around[i]:
                told = told + ops.silu(layer(told))
            given = given + self.enlarged[i](_enlarged(told, height, width))
        x = _embedded(tokens, self.embeddings)
        rows = self.first_rows(x) + given
        before = self.first_before(x) + given
        for i in range(len(self.until)):
            active = ops.silu(rows)
            own = self.until[i](ops.silu(before)) + self.above[i](active)
            before = before + self.mixed[i](ops.silu(own))
            if i < len(self.rows):
                rows = rows + self.mixed_rows[i](ops.silu(self.rows[i](active)))
        hidden = self.last(ops.silu(before))
        parts = []
        for level in range(levels):
            parts.append(self.to_logits[level](ops.silu(hidden)))
            if level < levels - 1:
                hidden = hidden + self.levels_before[level](tokens[..., level])
        logits = ops.stack(parts, axis=3)
        return ops.reshape(logits, (-1, height * width * levels, logits.shape[-1]))


def _embedded(tokens: Tensor, embeddings: list[layers.Embedding]) -> Tensor:
    """The sum over the levels of what stands for their tokens."""
    parts = [embedding(tokens[..., i]) for i, embedding in enumerate(embeddings)]
    return sum(parts[1:], parts[0])


def _enlarged(x: Tensor, height: int, width: int) -> Tensor:
    """A map of which each position is repeated, to a larger size."""
    for axis, size in ((1, height), (2, width)):
        x = ops.repeat(x, -(-size // x.shape[axis]), axis=axis)
    return x[:, :height, :width]
