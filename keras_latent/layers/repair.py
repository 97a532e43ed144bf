"""Repair of generated data to the nearest valid point."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_latent.typing import Observation, Tensor
from keras_latent.validation import check_choice


def _nearest_one_hot(x: Tensor) -> Tensor:
    return ops.cast(ops.one_hot(ops.argmax(x, axis=-1), x.shape[-1]), x.dtype)


_NEAREST: dict[str, Callable[[Tensor], Tensor]] = {
    "one_hot": _nearest_one_hot,
    "round": ops.round,
}


@keras.saving.register_keras_serializable(package="keras_latent")
class Repair(keras.layers.Layer):
    """Maps each discrete column of a generated example to its nearest valid value.

    Args:
        columns: From the name of a column to its kind: `"one_hot"` (the largest entry
            becomes 1, the others 0) or `"round"` (the nearest integer). Columns that
            aren't named stay as they are.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: A dict of tensors of shape (batch, ...).

    Returns:
        A dict of the same keys and shapes.

    Raises:
        ValueError: If a kind is unknown, or a column is missing from `x`.

    Source: the encoder-decoder network of small-yellow-duck, "Further work".

    >>> repair = Repair({"category": "one_hot"})
    >>> repair({"category": ops.array([[0.2, 0.5, 0.3]])})["category"].numpy().tolist()
    [[0.0, 1.0, 0.0]]
    """

    def __init__(self, columns: dict[str, str], **kwargs: Any) -> None:
        for column, kind in columns.items():
            check_choice(f"columns[{column!r}]", kind, _NEAREST)
        super().__init__(**kwargs)
        self.columns = dict(columns)
        self.built = True

    def call(self, x: Observation) -> Observation:
        """Repair the named columns."""
        missing = [column for column in self.columns if column not in x]
        if missing:
            raise ValueError(
                f"`columns` must name columns of the data, which has {sorted(x)}. "
                f"Received: columns={missing}"
            )
        return {
            column: _NEAREST[self.columns[column]](value)
            if column in self.columns
            else value
            for column, value in x.items()
        }

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "columns": dict(self.columns)}
