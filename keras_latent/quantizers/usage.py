"""How much of a table of codes is used, over a whole epoch."""

from typing import Any

import keras
from keras import ops

from keras_latent.typing import Tensor

_SMALLEST = 1e-20


class _OfCounts(keras.metrics.Metric):
    """A metric of how often each code was used since the epoch began.

    Args:
        levels: Number of tables.
        num_codes: Number of codes of each.
        name: The metric's name.
    """

    def __init__(self, levels: int, num_codes: int, name: str) -> None:
        super().__init__(name=name)
        self.counts = self.add_variable(
            (levels, num_codes), keras.initializers.Zeros(), name="counts"
        )

    def update_state(self, counts: Tensor) -> None:
        """Add counts, of shape (levels, num_codes)."""
        self.counts.assign_add(counts)


class Usage(_OfCounts):
    """The part of the codes that was used at least once, the mean over levels."""

    def result(self) -> Any:
        """A number in [0, 1]."""
        return ops.mean(ops.cast(self.counts > 0.0, "float32"))


class Perplexity(_OfCounts):
    """How many codes were used, if all alike: exp of the entropy of their frequencies.

    It is the mean over levels.
    """

    def result(self) -> Any:
        """A number from 1 to that of the codes; 0 before any was used."""
        counts = ops.convert_to_tensor(self.counts)
        total = ops.sum(counts, axis=-1, keepdims=True)
        p = counts / ops.maximum(total, 1.0)
        entropy = -ops.sum(p * ops.log(ops.maximum(p, _SMALLEST)), axis=-1)
        return ops.mean(ops.where(total[:, 0] > 0.0, ops.exp(entropy), 0.0))
