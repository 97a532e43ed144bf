"""What every quantizer does: positions of a map become codes of a finite set."""

import abc
import math
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_latent.graph import known_values
from keras_latent.quantizers.checks import array_of, positions_of
from keras_latent.tensors import is_tensor, known_shape
from keras_latent.training.replicas import current_share, is_distributed
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer

MOST_CODES = 2**22
"""How many codes there may be: usage is counted code by code."""


class Quantized(NamedTuple):
    """What a quantizer makes of a map.

    Args:
        codes: Codes of shape (batch, ..., channels), through which a gradient reaches
            what was quantized.
        tokens: Their numbers, int32 of shape (batch, ...), with a last axis for
            residual levels.
        terms: What the quantizer adds to an objective, by name: one number an example,
            of shape (batch,), or `Coupled`.
    """

    codes: Tensor
    tokens: Any
    terms: dict[str, Any]


class Quantizer(keras.layers.Layer, abc.ABC):
    """Base of the quantizers: each position of a map becomes one of some codes.

    A model tells a quantizer how many channels its codes have (`build_for`). Called on
    what an encoder gives, it returns a `Quantized`. Numbers are float32 whatever the
    dtype policy.

    Args:
        **kwargs: `name` and `trainable` of a Keras layer.

    Attributes:
        channels: The size of a code, `None` before `build_for`.
        depth: Number of tokens a position, `None` for one without an axis of its own.
        token_maps: The names of several maps of tokens; empty for one without a name.
        positive_numbers: Names of variables that may be scheduled, all above 0.
    """

    positive_numbers: ClassVar[tuple[str, ...]] = ()
    token_maps: ClassVar[tuple[str, ...]] = ()
    depth: int | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.channels: int | None = None

    # What a quantizer defines.

    @property
    @abc.abstractmethod
    def num_codes(self) -> int:
        """Number of codes of each level; known once the quantizer is built."""

    @property
    @abc.abstractmethod
    def term_weights(self) -> dict[str, float]:
        """The terms that the quantizer adds to an objective, and their weights."""

    @abc.abstractmethod
    def call(self, e: Tensor, training: bool = False) -> Quantized:
        """Quantize what an encoder gives, (batch, ..., input_channels)."""

    @abc.abstractmethod
    def tokens_of(self, e: Tensor) -> Any:
        """The tokens of what an encoder gives, (batch, ..., input_channels)."""

    @abc.abstractmethod
    def look_up(self, tokens: Any) -> Tensor:
        """The codes, (batch, ..., channels), of a tensor of tokens that there are."""

    @abc.abstractmethod
    def nearest_tokens(self, z: Tensor) -> Any:
        """The tokens of the codes that are nearest to any (batch, ..., channels)."""

    def input_channels(self, channels: int) -> int:
        """How many numbers it takes for each position: as many as a code has."""
        return channels

    def make_codes(self, channels: int) -> None:
        """Make what is needed for codes of that size; refuse a size that can't be."""

    @property
    def tables(self) -> int:
        """Number of sets of codes that are counted on their own."""
        return self.depth or 1

    def token_shape(self, size: tuple[int, ...]) -> Any:
        """The shape of the tokens of a map of this height and width, rows aside."""
        return tuple(size) if self.depth is None else (*size, self.depth)

    def counts(self, tokens: Any) -> Tensor:
        """How often each code occurs, of shape (tables, num_codes), float32.

        Args:
            tokens: Those of this replica's rows; what only fills its batch up is left
                out.
        """
        by_table = ops.transpose(ops.reshape(tokens, (-1, self.tables)))
        weight = present(tokens, math.prod(tokens.shape[1:]) // self.tables)
        counts = [
            ops.segment_sum(weight, by_table[table], self.num_codes)
            for table in range(self.tables)
        ]
        return ops.stack(counts)

    # What all have in common.

    def __call__(self, e: Any, *args: Any, **kwargs: Any) -> Any:
        """Quantize what an encoder gives, once it is what the quantizer takes.

        Raises:
            ValueError: If `e` isn't of shape (batch, ..., input_channels), or is known
                not to be finite.
        """
        return super().__call__(self.as_input(e), *args, **kwargs)

    def as_input(self, e: Any) -> Tensor:
        """What an encoder gives as a float32 tensor, if it can be quantized.

        Raises:
            ValueError: If `e` isn't of shape (batch, ..., input_channels), or is known
                not to be finite.
        """
        own = self.channels
        return positions_of("e", e, None if own is None else self.input_channels(own))

    def as_codes(self, z: Any) -> Tensor:
        """Any codes as a float32 tensor, if they have as many channels as a code.

        Raises:
            ValueError: If `z` isn't of shape (batch, ..., channels), or is known not to
                be finite.
        """
        return positions_of("z", z, self.channels)

    def built_for(self, e: Any) -> Tensor:
        """`as_input`, which gets a quantizer ready that isn't, as a call does."""
        e = self.as_input(e)
        if self.channels is None:
            self.build(known_shape(e) or (None,))
        return e

    def codes_of(self, tokens: Any) -> Tensor:
        """The codes of tokens.

        Args:
            tokens: Integers of shape (batch, ...), with a last axis for residual
                levels.

        Returns:
            Codes of shape (batch, ..., channels).

        Raises:
            ValueError: If tokens aren't integers, are out of range or lack the axis of
                their levels.
        """
        if self.channels is None:
            raise ValueError(
                "`build_for` must be called first: a quantizer that has seen nothing "
                f"has no codes. Received: {self.name!r}, which isn't built"
            )
        if self.token_maps:
            if not isinstance(tokens, dict) or tokens.keys() != set(self.token_maps):
                received = list(tokens) if isinstance(tokens, dict) else type(tokens)
                raise ValueError(
                    f"`tokens` must be a dict of {' and '.join(self.token_maps)}. "
                    f"Received: tokens={received!r}"
                )
            return self.look_up(tokens)
        if not is_tensor(tokens):
            tokens = array_of(tokens)
        self.check_tokens("tokens", tokens)
        if isinstance(tokens, np.ndarray):
            tokens = ops.convert_to_tensor(tokens.astype("int32"))
        return self.look_up(tokens)

    def check_tokens(self, name: str, tokens: Any) -> None:
        """Refuse tokens that there aren't, as far as their numbers are known.

        Raises:
            ValueError: If tokens aren't integers, are out of range or lack the axis of
                their levels.
        """
        dtype = getattr(tokens.dtype, "name", tokens.dtype)
        if "int" not in dtype:
            raise ValueError(
                f"`{name}` must hold integers. Received: {name} of dtype {dtype}"
            )
        shape = tuple(tokens.shape)
        if self.depth is not None and shape[-1:] != (self.depth,):
            raise ValueError(
                f"`{name}` must have a last axis of {self.depth}, a token for each "
                f"level. Received: {name} of shape {shape}"
            )
        values = known_values(tokens)
        if values is None or not values.size:
            return
        if not 0 <= values.min() <= values.max() < self.num_codes:
            raise ValueError(
                f"`{name}` must hold tokens from 0 to {self.num_codes - 1}. "
                f"Received: {name} from {values.min()} to {values.max()}"
            )

    def build_for(self, channels: int) -> None:
        """Get ready for codes of a size.

        Args:
            channels: The number of channels of the map that a decoder takes.

        Raises:
            ValueError: If it is no positive integer, or the quantizer makes codes of
                another size.
        """
        channels = checked_positive_integer("channels", channels)
        if self.channels is None:
            self.make_codes(channels)
            if self.num_codes > MOST_CODES:
                raise ValueError(
                    f"`quantizer` must have at most {MOST_CODES} codes. "
                    f"Received: {self.name!r} with {self.num_codes} codes"
                )
            self.channels = channels
            self.input_spec = keras.layers.InputSpec(
                axes={-1: self.input_channels(channels)}
            )
            self.built = True
        self.check_size(channels, self.channels)

    def check_size(self, channels: int, own: int) -> None:
        """Refuse codes of another size than the quantizer's own.

        Raises:
            ValueError: If the sizes differ.
        """
        if channels != own:
            raise ValueError(
                "`quantizer` must make codes of the size that `decoder` takes, "
                f"{channels} channels. Received: {self.name!r}, which makes codes of "
                f"{own}"
            )

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Get ready for what an encoder gives, of this shape."""
        self.build_for(input_shape[-1])

    def get_build_config(self) -> dict[str, Any]:
        """The size of a code."""
        return {"channels": self.channels}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Get ready for codes of the size that they had."""
        if config["channels"] is not None:
            self.build_for(config["channels"])


def present(rows: Tensor, positions: int) -> Tensor:
    """Weights of positions: 1, or 0 where a row isn't one of the batch.

    Args:
        rows: A tensor of shape (batch, ...).
        positions: How many positions each row has.

    Returns:
        Weights of shape (batch · positions,), float32.
    """
    count = ops.shape(rows)[0]
    is_there = ops.ones((count,), "float32")
    if is_distributed():
        there = current_share(count).rows
        is_there = ops.cast(ops.arange(count) < there, "float32")
    return ops.repeat(is_there, positions, axis=0)


def sum_over_positions(values: Tensor) -> Tensor:
    """The sum over everything but the rows, (batch,)."""
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))
