"""The Gumbel quantizer: an encoder says how likely each code is."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_latent.likeliest import likeliest
from keras_latent.quantizers import codebook
from keras_latent.quantizers.base import Quantized, Quantizer, sum_over_positions
from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor
from keras_latent.validation import (
    check_in_range,
    checked_optional_seed,
    checked_positive_integer,
    checked_switch,
)

_LOWEST_TEMPERATURE = 1e-3
_SMALLEST = 1e-20


@keras.saving.register_keras_serializable(package="keras_latent")
class GumbelQuantizer(Quantizer):
    """A position's logits l over K codes become a mixture of the codes C.

    In training, with Gumbel noise g and a temperature τ,

        y = softmax((l + g)/τ),   z = yᵀC,   kl = Σₚ [Σₖ πₖ log πₖ + log K],
        π = softmax(l)

    `kl` is the divergence from the uniform distribution over codes. Elsewhere the most
    likely code stands for the position. The table C is learned by gradient.

    Args:
        num_codes: Number K of codes. Defaults to 512.
        temperature: The τ, at least 1e-3; a model that holds the quantizer has it as
            the number `temperature`, which may be scheduled. Defaults to 1.0.
        straight_through: Whether the code of the largest yₖ is decoded in training,
            with the gradient of the mixture. Defaults to `False`.
        kl_weight: Weight of the term `kl` in a model. Defaults to 1.0.
        seed: Seed of the noise. Defaults to `None`: drawn by Python's `random`, which
            `keras.utils.set_random_seed` seeds.
        **kwargs: `name` and `trainable` of a Keras layer.

    Call arguments:
        e: Logits, of shape (batch, ..., num_codes).
        training: Whether noise is drawn. Defaults to `False`.

    Returns:
        A `Quantized`.

    Raises:
        ValueError: If a number isn't as described.

    Source: Jang, Gu and Poole 2017, equation 2; Ramesh et al. 2021, section 2.1.

    >>> quantizer = GumbelQuantizer(num_codes=3)
    >>> quantizer.build_for(2)
    >>> quantizer(ops.array([[0.0, 5.0, 0.0]])).tokens.numpy().tolist()
    [1]
    """

    positive_numbers: ClassVar[tuple[str, ...]] = ("temperature",)

    def __init__(
        self,
        num_codes: int = 512,
        temperature: float = 1.0,
        straight_through: bool = False,
        kl_weight: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        num_codes = checked_positive_integer("num_codes", num_codes)
        check_in_range("temperature", temperature, low=_LOWEST_TEMPERATURE)
        check_in_range("kl_weight", kl_weight)
        super().__init__(**kwargs)
        self._num_codes = int(num_codes)
        self.temperature = self.add_weight(
            name="temperature",
            shape=(),
            initializer=keras.initializers.Constant(temperature),
            trainable=False,
        )
        self.straight_through = checked_switch("straight_through", straight_through)
        self.kl_weight = kl_weight
        self.seed = checked_optional_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    @property
    def num_codes(self) -> int:
        """Number of codes."""
        return self._num_codes

    @property
    def term_weights(self) -> dict[str, float]:
        """`kl`."""
        return {"kl": self.kl_weight}

    def input_channels(self, channels: int) -> int:
        """A logit for each code."""
        return self.num_codes

    def make_codes(self, channels: int) -> None:
        """Make the table."""
        self.codebook = codebook.new_codebook(self.num_codes, channels)

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Refuse to guess the size of a code."""
        raise ValueError(
            "`build_for` must be called first: logits don't tell the size of a code. "
            f"Received: an input of shape {tuple(input_shape)}"
        )

    def call(self, e: Tensor, training: bool = False) -> Quantized:
        """Mix the codes, or take the most likely one."""
        table = codebook.all_codes(self.codebook, e)
        log_pi = ops.log_softmax(e, axis=-1)
        kl = ops.sum(ops.exp(log_pi) * log_pi, axis=-1) + math.log(self.num_codes)
        terms = {"kl": sum_over_positions(kl)}
        if not training:
            tokens = self.tokens_of(e)
            return Quantized(ops.take(table, tokens, axis=0), tokens, terms)
        y = ops.softmax((e + self._noise(e)) / self.temperature, axis=-1)
        tokens = likeliest(y)
        if self.straight_through:
            hard = ops.one_hot(tokens, self.num_codes, dtype="float32")
            y = hard + (y - ops.stop_gradient(y))
        return Quantized(ops.matmul(y, table), tokens, terms)

    def tokens_of(self, e: Tensor) -> Tensor:
        """The tokens of the most likely codes."""
        return likeliest(self.built_for(e))

    def look_up(self, tokens: Tensor) -> Tensor:
        """The codes of tokens."""
        return self.codebook(tokens)

    def nearest_tokens(self, z: Tensor) -> Tensor:
        """The tokens of the nearest codes."""
        z = self.as_codes(z)
        return codebook.nearest(z, codebook.all_codes(self.codebook, z))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the temperature as it is now."""
        return {
            **super().get_config(),
            "num_codes": self.num_codes,
            "temperature": float(str(self.temperature.numpy())),
            "straight_through": self.straight_through,
            "kl_weight": self.kl_weight,
            "seed": self.seed,
        }

    def _noise(self, like: Tensor) -> Tensor:
        def draw(shape: tuple) -> Tensor:
            u = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
            return -ops.log(-ops.log(ops.maximum(u, _SMALLEST)))

        return rowwise_noise(draw, like)
