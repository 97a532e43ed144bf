"""The residual quantizer: each level quantizes what the ones before left."""

from typing import Any

import keras
from keras import ops

from keras_latent.quantizers.base import Quantized, Quantizer
from keras_latent.quantizers.pass_through import GRADIENTS
from keras_latent.quantizers.vector_quantizer import VectorQuantizer
from keras_latent.typing import Tensor
from keras_latent.validation import (
    check_choice,
    checked_optional_seed,
    checked_positive_integer,
)


@keras.saving.register_keras_serializable(package="keras_latent")
class ResidualQuantizer(Quantizer):
    """A position is a sum of codes, one of each level's table.

        r₀ = e,   c⁽ⁱ⁾ = the code nearest to rᵢ₋₁,   rᵢ = rᵢ₋₁ − sg(c⁽ⁱ⁾),   z = Σᵢ c⁽ⁱ⁾

    Terms are the sums of those of the levels; tokens have a last axis for the levels.

    Args:
        num_levels: Number of levels. Defaults to 4.
        num_codes: Number of codes of each. Defaults to 512.
        decay: As of `VectorQuantizer`. Defaults to 0.99.
        restart: As of `VectorQuantizer`. Defaults to `None`.
        kmeans_init: As of `VectorQuantizer`. Defaults to `False`.
        gradient: From the sum to e, as of `VectorQuantizer`. Defaults to
            `"straight_through"`.
        commitment_weight: Weight of the term `commitment` in a model. Defaults to 0.25.
        epsilon: As of `VectorQuantizer`. Defaults to 1e-5.
        seed: Seed of the restarts. Defaults to `None`: drawn by Python's `random`,
            which `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `trainable` of a Keras layer.

    Call arguments:
        e: What an encoder gives, of shape (batch, ..., channels).
        training: Whether the tables follow. Defaults to `False`.

    Returns:
        A `Quantized`.

    Raises:
        ValueError: If an argument isn't as described.

    Source: Lee et al. 2022, "Autoregressive image generation using residual
    quantization", equations 2 to 6.

    >>> quantizer = ResidualQuantizer(num_levels=3, num_codes=8)
    >>> quantizer(ops.zeros((2, 4, 4, 5))).tokens.shape
    TensorShape([2, 4, 4, 3])
    """

    def __init__(
        self,
        num_levels: int = 4,
        num_codes: int = 512,
        decay: float | None = 0.99,
        restart: float | None = None,
        kmeans_init: bool = False,
        gradient: str = "straight_through",
        commitment_weight: float = 0.25,
        epsilon: float = 1e-5,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        num_levels = checked_positive_integer("num_levels", num_levels)
        check_choice("gradient", gradient, GRADIENTS)
        super().__init__(**kwargs)
        self.depth = int(num_levels)
        self.gradient = gradient
        self.seed = checked_optional_seed(seed)
        self.quantizers = [
            VectorQuantizer(
                num_codes,
                decay,
                restart,
                kmeans_init,
                commitment_weight=commitment_weight,
                epsilon=epsilon,
                seed=None if seed is None else seed + level,
                name=f"level_{level}",
            )
            for level in range(num_levels)
        ]

    @property
    def num_codes(self) -> int:
        """Number of codes of each level."""
        return self.quantizers[0].num_codes

    @property
    def term_weights(self) -> dict[str, float]:
        """Those of the levels."""
        return self.quantizers[0].term_weights

    def make_codes(self, channels: int) -> None:
        """Make the table of each level."""
        for quantizer in self.quantizers:
            quantizer.build_for(channels)

    def call(self, e: Tensor, training: bool = False) -> Quantized:
        """Quantize level by level."""
        residual, tokens, each = e, [], []
        total: Any = 0.0
        for quantizer in self.quantizers:
            codes, own_tokens, terms = quantizer(residual, training=training)
            codes = ops.stop_gradient(codes)
            residual, total = residual - codes, total + codes
            tokens.append(own_tokens)
            each.append(terms)
        terms = {name: sum(own[name] for own in each) for name in self.term_weights}
        codes = GRADIENTS[self.gradient](e, total)
        return Quantized(codes, ops.stack(tokens, axis=-1), terms)

    def tokens_of(self, e: Tensor) -> Tensor:
        """The tokens of all levels."""
        tokens, e = [], self.built_for(e)
        for quantizer in self.quantizers:
            tokens.append(quantizer.tokens_of(e))
            e = e - quantizer.look_up(tokens[-1])
        return ops.stack(tokens, axis=-1)

    def look_up(self, tokens: Tensor) -> Tensor:
        """The sums of the levels' codes."""
        codes = [q.look_up(tokens[..., i]) for i, q in enumerate(self.quantizers)]
        return sum(codes[1:], codes[0])

    def nearest_tokens(self, z: Tensor) -> Tensor:
        """The tokens that level by level are nearest."""
        return self.tokens_of(self.as_codes(z))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = self.quantizers[0].get_config()
        shared = ("num_codes", "decay", "restart", "kmeans_init")
        return {
            **super().get_config(),
            "num_levels": self.depth,
            **{name: own[name] for name in shared},
            "gradient": self.gradient,
            "commitment_weight": own["commitment_weight"],
            "epsilon": own["epsilon"],
            "seed": self.seed,
        }
