"""Names for the kinds of values that pass through the library."""

from typing import Any, NamedTuple, TypeAlias

Tensor: TypeAlias = Any
"""A tensor of any framework form: NumPy array, eager, symbolic or Keras tensor."""

Observation: TypeAlias = Any
"""One tensor (batch, ...) or a dict of them, as the encoder takes it."""


class Batch(NamedTuple):
    """What one step of training sees.

    Args:
        x: The observation, a tensor of shape (batch, ...) or a dict of them.
        y: Labels, or `None`. Ignored by every variant that doesn't say it uses them.
        sample_weight: Weights of shape (batch,), or `None`.
    """

    x: Observation
    y: Any = None
    sample_weight: Tensor | None = None


class Counts(NamedTuple):
    """What is counted over a whole epoch, for the logs alone.

    Args:
        counts: What the metric of this name takes, such as how often each code was
            used by the rows of this replica.
    """

    counts: Tensor


class Share(NamedTuple):
    """A value that is monitored on some rows of a batch alone.

    Args:
        value: One number a row, of shape (batch,).
        weight: How much each row counts, of shape (batch,): 0 for not at all.
    """

    value: Tensor
    weight: Tensor
