"""Two maps of tokens of one picture, the smaller of which tells the larger."""

from typing import Any

import keras
from keras import ops

from keras_latent.quantizers.base import Quantized, Quantizer
from keras_latent.typing import Tensor


class TwoMaps(Quantizer):
    """A map e becomes a map half as high and wide, the top, and one of its own size.

        t = quantized W_t·E_t(e),   b = quantized W_b·[e; D_t(t)],   z = [b; up(t)]

    with 1×1 convolutions W, and up(t) repeating each position along both sides. Terms
    are sums of those of both; tokens are a dict of `top` and `bottom`.

    Args:
        bottom: What quantizes b.
        top: What quantizes t; with as many codes, and terms of the same weights.
        top_encoder: The network E_t, from (batch, h, w, ·) to half of the height and
            width, rounded up.
        top_decoder: The network D_t, from (batch, h/2, w/2, c) to (batch, h, w, ·),
            where c is the size of the top's codes.
        **kwargs: `name` of a Keras layer.

    Raises:
        ValueError: If they don't fit each other.
    """

    token_maps = ("bottom", "top")

    def __init__(
        self,
        bottom: Quantizer,
        top: Quantizer,
        top_encoder: keras.Model,
        top_decoder: keras.Model,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_networks(top_encoder, top_decoder)
        if bottom is top:
            raise ValueError(
                "`top_quantizer` must be another object than `bottom_quantizer`: each "
                f"has codes of its own. Received: {bottom.name!r} as both"
            )
        if bottom.depth or top.depth or bottom.term_weights != top.term_weights:
            raise ValueError(
                "`bottom_quantizer` and `top_quantizer` must have one token a position "
                "and terms of the same weights. Received: quantizers of the terms "
                f"{bottom.term_weights} and {top.term_weights}"
            )
        self.bottom = bottom
        self.top = top
        self.top_encoder = top_encoder
        self.top_decoder = top_decoder

    @property
    def num_codes(self) -> int:
        """Number of codes of either map."""
        return self.bottom.num_codes

    @property
    def tables(self) -> int:
        """Two."""
        return 2

    @property
    def term_weights(self) -> dict[str, float]:
        """Those of either map."""
        return self.bottom.term_weights

    def input_channels(self, channels: int) -> int:
        """What E_t takes."""
        return self.top_encoder.input_shape[-1]

    def make_codes(self, channels: int) -> None:
        """Give the top the channels that D_t takes, and the bottom what is left."""
        top_channels = self.top_decoder.input_shape[-1]
        if channels <= top_channels:
            raise ValueError(
                "`decoder` must take the codes of both maps side by side, more than "
                f"the {top_channels} channels that `top_decoder` takes. "
                f"Received: a decoder of {channels} channels"
            )
        self.top.build_for(top_channels)
        self.bottom.build_for(channels - top_channels)
        if self.top.num_codes != self.bottom.num_codes:
            raise ValueError(
                "`top_quantizer` must have as many codes as `bottom_quantizer`, "
                f"{self.bottom.num_codes}. Received: {self.top.num_codes} codes"
            )
        features = self.top_encoder.output_shape
        told = self.top_encoder.input_shape[-1] + self.top_decoder.output_shape[-1]
        self.top_projection = keras.layers.Conv2D(
            self.top.input_channels(top_channels), 1, dtype="float32", name="code_top"
        )
        self.top_projection.build(features)
        self.bottom_projection = keras.layers.Conv2D(
            self.bottom.input_channels(channels - top_channels),
            1,
            dtype="float32",
            name="code_bottom",
        )
        self.bottom_projection.build((None, *self.top_encoder.input_shape[1:3], told))

    def call(self, e: Tensor, training: bool = False) -> Quantized:
        """Quantize the top, then the bottom that is told of it."""
        top_e = self.top_projection(self.top_encoder(e, training=training))
        top, top_tokens, top_terms = self.top(top_e, training=training)
        bottom_e = self._told(e, top, training)
        bottom, tokens, terms = self.bottom(bottom_e, training=training)
        return Quantized(
            self._joined(bottom, top),
            {"bottom": tokens, "top": top_tokens},
            {name: terms[name] + top_terms[name] for name in terms},
        )

    def tokens_of(self, e: Tensor) -> Any:
        """The tokens of both maps."""
        e = self.built_for(e)
        top = self.top.tokens_of(self.top_projection(self.top_encoder(e)))
        told = self._told(e, self.top.look_up(top), False)
        return {"bottom": self.bottom.tokens_of(told), "top": top}

    def look_up(self, tokens: Any) -> Tensor:
        """The codes of both maps, side by side."""
        bottom = self.bottom.codes_of(tokens["bottom"])
        return self._joined(bottom, self.top.codes_of(tokens["top"]))

    def nearest_tokens(self, z: Tensor) -> Any:
        """The tokens of the nearest codes; of the top, each stands for four."""
        own, z = self.bottom.channels, self.as_codes(z)
        top = ops.average_pool(z[..., own:], 2, padding="same")
        return {
            "bottom": self.bottom.nearest_tokens(z[..., :own]),
            "top": self.top.nearest_tokens(top),
        }

    def token_shape(self, size: tuple[int, ...]) -> Any:
        """The shapes of both maps."""
        half = tuple(-(-side // 2) for side in size)
        return {"bottom": tuple(size), "top": half}

    def counts(self, tokens: Any) -> Tensor:
        """How often each code of either map occurs, (2, num_codes)."""
        bottom, top = tokens["bottom"], tokens["top"]
        return ops.concatenate([self.bottom.counts(bottom), self.top.counts(top)])

    def _told(self, e: Tensor, top: Tensor, training: bool) -> Tensor:
        decoded = ops.cast(self.top_decoder(top, training=training), "float32")
        return self.bottom_projection(ops.concatenate([e, decoded], axis=-1))

    def _joined(self, bottom: Tensor, top: Tensor) -> Tensor:
        height, width = bottom.shape[1:3]
        up = ops.repeat(ops.repeat(top, 2, axis=1), 2, axis=2)
        return ops.concatenate([bottom, up[:, :height, :width]], axis=-1)


def _check_networks(top_encoder: Any, top_decoder: Any) -> None:
    for name, network in (("top_encoder", top_encoder), ("top_decoder", top_decoder)):
        shapes = [getattr(network, f"{end}_shape", None) for end in ("input", "output")]
        if not all(isinstance(shape, tuple) and len(shape) == 4 for shape in shapes):
            raise ValueError(
                f"`{name}` must be a Keras model from a map to a map. "
                f"Received: {name}={network!r}"
            )
    large, small = top_encoder.input_shape[1:3], top_encoder.output_shape[1:3]
    half = tuple(-(-side // 2) for side in large)
    if small != half or top_decoder.input_shape[1:3] != half:
        raise ValueError(
            f"`top_encoder` must halve a map, and `top_decoder` take it: {half} of "
            f"{large}. Received: an encoder to {small}, "
            f"a decoder of {top_decoder.input_shape[1:3]}"
        )
    if top_decoder.output_shape[1:3] != large:
        raise ValueError(
            f"`top_decoder` must give a map of {large}, as `top_encoder` takes. "
            f"Received: a decoder to {top_decoder.output_shape[1:3]}"
        )
