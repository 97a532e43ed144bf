"""A transformer over tokens, each of which sees those before it alone."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from keras_latent.networks.token_maps import (
    Maps,
    check_labels_and_width,
    check_token_maps,
    tables_of,
)
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range, checked_positive_integer

Cache = list[tuple[Tensor, Tensor]]
"""The keys and values of the positions so far, of each block."""


@keras.saving.register_keras_serializable(package="keras_latent")
class CausalTransformer(keras.Model):
    """From the tokens of a picture to the logits of each, given those before it.

    Pictures are read map by map, row by row, the levels of a position one after the
    other. A position is told the token before it, where it is, and the label; blocks of
    attention to what was read before and of two dense layers follow, with layer
    normalisation before each.

    Args:
        maps: (height, width, levels) of each map of tokens, in the order of reading.
        num_codes: Number K of codes of each level.
        classes: Number of labels. Defaults to 0.
        units: Size of what stands for a position. Defaults to 128.
        blocks: Number of blocks. Defaults to 4.
        heads: Number of heads of attention, which divides `units`. Defaults to 4.
        dropout: The share of numbers that are hidden in training. Defaults to 0.0.
        seed: Seed of the hiding. Defaults to `None`: drawn by Python's `random`, which
            `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `dtype` of the model.

    Call arguments:
        inputs: A list of tokens, integers of shape (batch, length), and labels,
            integers of shape (batch,), of which `classes` stands for none.
        training: Whether numbers are hidden. Defaults to `False`.

    Returns:
        Logits of shape (batch, length, K), of which those of a token depend on the
        tokens before it.

    Raises:
        ValueError: If an argument isn't as described.

    Source: Vaswani et al. 2017, "Attention is all you need", section 3; Radford et al.
    2019, "Language models are unsupervised multitask learners", section 2.3, for the
    place of the normalisation.

    >>> network = CausalTransformer([(2, 2, 1)], num_codes=3, units=8, blocks=1)
    >>> network([np.zeros((5, 4), "int32"), np.zeros(5, "int32")]).shape
    TensorShape([5, 4, 3])
    """

    def __init__(
        self,
        maps: Maps,
        num_codes: int,
        classes: int = 0,
        units: int = 128,
        blocks: int = 4,
        heads: int = 4,
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        maps = check_token_maps(maps, num_codes)
        check_labels_and_width(classes, units, blocks)
        heads = checked_positive_integer("heads", heads)
        check_in_range("dropout", dropout, 0, 1)
        if units % heads:
            raise ValueError(
                "`heads` must divide `units`. "
                f"Received: heads={heads} with units={units}"
            )
        super().__init__(**kwargs)
        self.maps = maps
        self.num_codes = num_codes
        self.classes = classes
        self.units = units
        self.heads = heads
        self.dropout = dropout
        self.seed = seed
        self._tables = tables_of(maps)
        tables, dtype = int(self._tables.max()) + 1, self.dtype_policy
        self.token_embedding = layers.Embedding(tables * num_codes, units, dtype=dtype)
        self.label_embedding = layers.Embedding(classes + 1, units, dtype=dtype)
        shape = len(self._tables), units
        self.position_embedding = layers.Embedding(*shape, dtype=dtype)
        self.start_embedding = layers.Embedding(1, units, dtype=dtype)
        self.blocks = [
            _Block(units, heads, dropout, None if seed is None else seed + i, dtype)
            for i in range(blocks)
        ]
        self.last_norm = layers.LayerNormalization(epsilon=1e-5, dtype=dtype)
        self.to_logits = [
            layers.Dense(num_codes, dtype="float32", name=f"logits_{table}")
            for table in range(tables)
        ]
        self._build(units)

    def _build(self, units: int) -> None:
        embeddings = [self.token_embedding, self.label_embedding]
        embeddings += [self.position_embedding, self.start_embedding]
        for layer in embeddings:
            layer.build((None,))
        for layer in [*self.blocks, self.last_norm, *self.to_logits]:
            layer.build((None, None, units))
        self.built = True

    def call(self, inputs: list[Tensor], training: bool = False) -> Tensor:
        """The logits of all tokens, in one pass."""
        tokens, labels = inputs
        offsets = self._tables * self.num_codes
        told = self.token_embedding(ops.cast(tokens, "int32") + offsets)
        start = self._start(ops.shape(tokens)[0])
        x = ops.concatenate([start, told[:, :-1]], axis=1)
        places = self.position_embedding(np.arange(len(self._tables)))
        x = x + places + self.label_embedding(labels)[:, None]
        for block in self.blocks:
            x, _ = block(x, training=training)
        x = self.last_norm(x)
        if len(self.to_logits) == 1:
            return self.to_logits[0](x)
        own = [np.flatnonzero(self._tables == i) for i in range(len(self.to_logits))]
        parts = [
            to_logits(ops.take(x, places, axis=1))
            for to_logits, places in zip(self.to_logits, own, strict=True)
        ]
        # Table by table, back into the order of reading.
        back = np.argsort(np.concatenate(own))
        return ops.take(ops.concatenate(parts, axis=1), back, axis=1)

    def next_logits(
        self, position: int, before: Tensor, labels: Tensor, cache: Cache | None
    ) -> tuple[Tensor, Cache]:
        """The logits of one token, without computing anew what was read before.

        Args:
            position: Its number, from 0.
            before: The tokens before it, integers of shape (batch,); those of the first
                aren't looked at.
            labels: Integers of shape (batch,).
            cache: What the call for the position before gave; `None` for the first.

        Returns:
            Logits of shape (batch, K), and the cache for the next position.
        """
        if position == 0:
            x = self._start(ops.shape(labels)[0])
        else:
            offset = int(self._tables[position - 1]) * self.num_codes
            x = self.token_embedding(ops.cast(before, "int32") + offset)[:, None]
        place = self.position_embedding(np.array([position]))
        x = x + place + self.label_embedding(labels)[:, None]
        grown: Cache = []
        for index, block in enumerate(self.blocks):
            x, seen = block(x, None if cache is None else cache[index])
            grown.append(seen)
        to_logits = self.to_logits[self._tables[position]]
        return to_logits(self.last_norm(x))[:, 0], grown

    def _start(self, rows: Any) -> Tensor:
        """What the first position is told in place of a token."""
        return self.start_embedding(ops.zeros((rows, 1), "int32"))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ["num_codes", "classes", "units", "heads", "dropout", "seed"]
        return {
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
            "maps": [list(each) for each in self.maps],
            "blocks": len(self.blocks),
            **{name: getattr(self, name) for name in names},
        }


class _Block(layers.Layer):
    """Attention to the positions until the own one, then two dense layers."""

    def __init__(
        self, units: int, heads: int, dropout: float, seed: int | None, dtype: Any
    ) -> None:
        super().__init__(dtype=dtype)
        self.heads = heads
        self.first_norm = layers.LayerNormalization(epsilon=1e-5, dtype=dtype)
        self.projected = layers.Dense(3 * units, dtype=dtype)
        self.attended = layers.Dense(units, dtype=dtype)
        self.second_norm = layers.LayerNormalization(epsilon=1e-5, dtype=dtype)
        self.widened = layers.Dense(4 * units, activation="gelu", dtype=dtype)
        self.narrowed = layers.Dense(units, dtype=dtype)
        self.hidden = [
            layers.Dropout(dropout, seed=None if seed is None else 2 * seed + i)
            for i in range(2)
        ]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        units = input_shape[-1]
        for layer in (self.first_norm, self.projected, self.attended):
            layer.build(input_shape)
        for layer in (self.second_norm, self.widened):
            layer.build(input_shape)
        self.narrowed.build((*input_shape[:-1], 4 * (units or 0)))
        self.built = True

    def call(
        self,
        x: Tensor,
        seen: tuple[Tensor, Tensor] | None = None,
        training: bool = False,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Positions (batch, length, units) after those `seen`, which grow by them."""
        attended, seen = self._attention(self.first_norm(x), seen)
        x = x + self.hidden[0](attended, training=training)
        inner = self.narrowed(self.widened(self.second_norm(x)))
        return x + self.hidden[1](inner, training=training), seen

    def _attention(
        self, x: Tensor, seen: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        rows, count, units = ops.shape(x)[0], x.shape[1], x.shape[2]
        size = units // self.heads
        projected = ops.reshape(self.projected(x), (rows, count, 3, self.heads, size))
        queries, keys, values = (projected[:, :, i] for i in range(3))
        if seen is not None:
            keys = ops.concatenate([seen[0], keys], axis=1)
            values = ops.concatenate([seen[1], values], axis=1)
        scores = ops.einsum("bqhd,bkhd->bhqk", queries, keys) / float(np.sqrt(size))
        if keys.shape[1] == 1:
            # Keras warns of a softmax over one number.
            mixed = ops.reshape(values, (rows, count, units))
            return self.attended(mixed), (keys, values)
        if count > 1:
            first = keys.shape[1] - count
            is_later = np.triu(np.ones((count, keys.shape[1]), bool), 1 + first)
            scores = ops.where(is_later, ops.cast(-1e9, scores.dtype), scores)
        shares = ops.softmax(scores, axis=-1)
        mixed = ops.einsum("bhqk,bkhd->bqhd", shares, values)
        mixed = ops.reshape(mixed, (rows, count, units))
        return self.attended(mixed), (keys, values)
