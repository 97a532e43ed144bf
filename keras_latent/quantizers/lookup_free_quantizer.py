"""The lookup-free quantizer: each channel is a bit."""

import itertools
import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.quantizers.base import Quantized, Quantizer, sum_over_positions
from keras_latent.quantizers.pass_through import straight_through
from keras_latent.training.replicas import Coupled, is_distributed
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range, checked_positive_integer

_SMALLEST = 1e-20


@keras.saving.register_keras_serializable(package="keras_latent")
class LookupFreeQuantizer(Quantizer):
    """Each channel of a position becomes its sign, z = ±1; d channels make 2ᵈ codes.

    With the soft assignment p(c|e) ∝ exp(−τ‖e − c‖²), whose bits are independent, bit i
    being 1 with σ(4τeᵢ), and P positions, the terms are

        commitment = Σₚ ‖eₚ − sg(zₚ)‖²,   entropy = Σₚ H(p(·|eₚ)),
        uniformity = P · (log 2ᵈ − H(mean of p(·|e) over the batch's positions)) ≥ 0

    The last is the paper's −H(mean) but for a constant. Where d is more than
    `bits_in_group`, its entropy is the sum of those of groups of bits. It couples rows,
    on replicas those of all.

    Args:
        inverse_temperature: The τ. Defaults to 100.0.
        entropy_weight: Weight of the terms `entropy` and, times
            `diversity_weight`, `uniformity`. Defaults to 0.1.
        diversity_weight: The paper's γ. Defaults to 1.0.
        commitment_weight: Weight of the term `commitment`. Defaults to 0.25.
        bits_in_group: Most bits whose joint entropy is computed. Defaults to 8.
        **kwargs: `name` and `trainable` of a Keras layer.

    Call arguments:
        e: What an encoder gives, of shape (batch, ..., channels).

    Returns:
        A `Quantized` with codes of −1 and 1.

    Raises:
        ValueError: If a number isn't as described.

    Source: Yu et al. 2023, "Language model beats diffusion", equations 3 to 5.

    >>> quantizer = LookupFreeQuantizer()
    >>> quantizer(ops.array([[0.3, -2.0]])).tokens.numpy().tolist()
    [2]
    """

    def __init__(
        self,
        inverse_temperature: float = 100.0,
        entropy_weight: float = 0.1,
        diversity_weight: float = 1.0,
        commitment_weight: float = 0.25,
        bits_in_group: int = 8,
        **kwargs: Any,
    ) -> None:
        check_in_range("inverse_temperature", inverse_temperature)
        check_in_range("entropy_weight", entropy_weight)
        check_in_range("diversity_weight", diversity_weight)
        check_in_range("commitment_weight", commitment_weight)
        bits_in_group = checked_positive_integer("bits_in_group", bits_in_group)
        super().__init__(**kwargs)
        self.inverse_temperature = inverse_temperature
        self.entropy_weight = entropy_weight
        self.diversity_weight = diversity_weight
        self.commitment_weight = commitment_weight
        self.bits_in_group = bits_in_group
        self._bits = 0

    @property
    def num_codes(self) -> int:
        """Two to the number of channels."""
        return 2**self._bits

    @property
    def term_weights(self) -> dict[str, float]:
        """`commitment`, `entropy` and `uniformity`."""
        return {
            "commitment": self.commitment_weight,
            "entropy": self.entropy_weight,
            "uniformity": self.entropy_weight * self.diversity_weight,
        }

    def make_codes(self, channels: int) -> None:
        """Count the bits."""
        self._bits = channels

    def call(self, e: Tensor, training: bool = False) -> Quantized:
        """Take the signs."""
        signs = _signs(e)
        logits = 4.0 * self.inverse_temperature * e
        # σ(t)·log σ(t) of both ends of a bit.
        entropies = ops.softplus(-ops.abs(logits)) + ops.abs(logits) * ops.sigmoid(
            -ops.abs(logits)
        )
        coupled: Any = Coupled(self._uniformity, logits)
        if not is_distributed():
            coupled = coupled.function(coupled.rows)
        terms = {
            "commitment": sum_over_positions(ops.square(e - signs)),
            "entropy": sum_over_positions(entropies),
            "uniformity": coupled,
        }
        return Quantized(straight_through(e, signs), self.tokens_of(e), terms)

    def tokens_of(self, e: Tensor) -> Tensor:
        """The signs as bits of a number, the first channel the highest."""
        e = self.built_for(e)
        places = [2 ** (e.shape[-1] - 1 - i) for i in range(e.shape[-1])]
        bits = ops.cast(e > 0.0, "int32")
        return ops.sum(bits * np.asarray(places, "int32"), axis=-1)

    def look_up(self, tokens: Tensor) -> Tensor:
        """The signs of tokens."""
        # No tensor, which a functional model would hold outside of its graph.
        places = np.asarray([2 ** (self._bits - 1 - i) for i in range(self._bits)])
        places = places.astype("int32")
        bits = ops.mod(ops.floor_divide(tokens[..., None], places), 2)
        return 2.0 * ops.cast(bits, "float32") - 1.0

    def nearest_tokens(self, z: Tensor) -> Tensor:
        """The tokens of the signs."""
        return self.tokens_of(self.as_codes(z))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "inverse_temperature": self.inverse_temperature,
            "entropy_weight": self.entropy_weight,
            "diversity_weight": self.diversity_weight,
            "commitment_weight": self.commitment_weight,
            "bits_in_group": self.bits_in_group,
        }

    def _uniformity(self, logits: Tensor) -> Tensor:
        """P·Σ over groups of (log 2ᵍ − H(mean p)), a scalar."""
        positions = math.prod(logits.shape[1:-1])
        flat = ops.reshape(logits, (-1, self._bits))
        # log σ(t) and log σ(−t): of the bits 1 and 0.
        ones, zeros = -ops.softplus(-flat), -ops.softplus(flat)
        total = 0.0
        for first in range(0, self._bits, self.bits_in_group):
            size = min(self.bits_in_group, self._bits - first)
            codes = np.array(list(itertools.product((0.0, 1.0), repeat=size)), "f4").T
            group = slice(first, first + size)
            log_p = ops.matmul(ones[:, group], codes) + ops.matmul(
                zeros[:, group], 1.0 - codes
            )
            mean = ops.mean(ops.exp(log_p), axis=0)
            log_mean = ops.log(ops.maximum(mean, _SMALLEST))
            total = total + size * math.log(2.0) + ops.sum(mean * log_mean)
        return positions * total


def _signs(e: Tensor) -> Tensor:
    return 2.0 * ops.cast(e > 0.0, "float32") - 1.0
