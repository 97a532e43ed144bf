"""What an observation is given beside itself: its class, or some numbers."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_latent.graph import known_values
from keras_latent.training.guard import Column
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer


class Condition(NamedTuple):
    """A condition of networks: a class, or a vector of numbers.

    Args:
        num_classes: Number of classes, of which −1 is a missing one; or `None`.
        size: Length of the vector; or `None`.
    """

    num_classes: int | None
    size: int | None

    @property
    def length(self) -> int:
        """Length of the vector that the networks get."""
        return self.num_classes or self.size or 0

    @property
    def given(self) -> keras.KerasTensor:
        """What the user gives: integers of shape (batch,), or (batch, size)."""
        if self.num_classes is not None:
            return keras.KerasTensor((None,), "int32")
        return keras.KerasTensor((None, self.size), "float32")

    @property
    def vector(self) -> keras.KerasTensor:
        """What the networks get as their second input."""
        return keras.KerasTensor((None, self.length), "float32")

    def vector_of(self, y: Tensor) -> Tensor:
        """Classes one-hot, a missing one all 0; numbers as they are."""
        if self.num_classes is None:
            return ops.cast(y, "float32")
        # In ONNX, one-hot takes -1 for the last class: here no index is negative.
        places = ops.cast(y, "int32") + 1
        return ops.one_hot(places, self.num_classes + 1, dtype="float32")[:, 1:]

    def check(self, y: Any, count: int | None) -> None:
        """Refuse what is no condition of so many rows.

        Args:
            y: What came as the condition: an array, or a tensor whose values may be
                unknown yet.
            count: Number of rows; `None` where it is unknown.

        Raises:
            ValueError: If it is missing, of another shape, or out of range.
        """
        self.check_shape(y, count)
        y = known_values(y)
        if y is None:
            return
        if self.num_classes is None:
            if not np.isfinite(y).all():
                raise ValueError(
                    "`y` must be finite. Received: y with "
                    f"{np.count_nonzero(~np.isfinite(y))} values that are not"
                )
            return
        is_class = np.isin(y, np.arange(-1, self.num_classes))
        if not is_class.all():
            raise ValueError(
                f"`y` must hold classes from 0 to {self.num_classes - 1}, or -1 for a "
                f"missing one. Received: y with {y[~is_class].tolist()[0]!r}"
            )

    def check_shape(self, y: Any, count: int | None) -> None:
        """Refuse a condition that is missing, or of another shape, as `check` does."""
        expected = f"({'batch' if count is None else count}"
        expected += ",)" if self.num_classes else f", {self.size})"
        if y is None:
            raise ValueError(
                f"`y` must be the condition, of shape {expected}. Received: y=None"
            )
        shape = tuple(getattr(y, "shape", np.shape(y)))
        wanted = (count,) if self.num_classes else (count, self.size)
        if len(shape) != len(wanted) or any(
            a is not None and b is not None and a != b
            for a, b in zip(shape, wanted, strict=True)
        ):
            raise ValueError(
                f"`y` must have the shape {expected}. Received: y of shape {shape}"
            )

    def watched(self, y: Tensor) -> list[Column]:
        """Classes as what must lie in a range, for the steps of a training."""
        if self.num_classes is None:
            return [Column("y", y, -math.inf, math.inf, "be finite")]
        last = self.num_classes - 1
        rule = f"hold classes from 0 to {last}, or -1 for a missing one"
        return [Column("y", y, -1.0, float(last), rule, is_whole=True)]


def condition_of_class(num_classes: Any) -> Condition:
    """The condition that is one of so many classes, and no vector.

    Raises:
        ValueError: If the number isn't a positive integer; `None` is none.
    """
    return Condition(checked_positive_integer("num_classes", num_classes), None)


def condition_of(num_classes: int | None, condition_size: int | None) -> Condition:
    """The condition that one of two arguments describes.

    Raises:
        ValueError: If none or both are given, or it isn't a positive integer.
    """
    if (num_classes is None) == (condition_size is None):
        raise ValueError(
            "Either `num_classes` or `condition_size` must be given. "
            f"Received: num_classes={num_classes}, condition_size={condition_size}"
        )
    if num_classes is not None:
        num_classes = checked_positive_integer("num_classes", num_classes)
    else:
        condition_size = checked_positive_integer("condition_size", condition_size)
    return Condition(num_classes, condition_size)


def check_all_are_told(y: Any) -> None:
    """Refuse classes that are missing.

    Args:
        y: Integers of shape (count,).

    Raises:
        ValueError: If one is -1.
    """
    missing = int(np.count_nonzero(np.asarray(y) == -1))
    if missing:
        raise ValueError(
            "`y` must hold the class of each, of which log p(x|y) is: -1, a missing "
            "one, would be guessed. For log p(x), take the logsumexp over all classes. "
            f"Received: y with -1 in {missing} of {np.size(y)} rows"
        )
