"""Weights of rows, and of classes, which are put in their place."""

import numbers
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.training.arrays import check_is_real, is_in_arrays
from keras_latent.typing import Tensor
from keras_latent.validation import check_in_range


def weigh_classes(model: Any, arguments: dict[str, Any]) -> None:
    """Put weights of rows in the place of weights of classes, as a label says.

    Keras looks −1 up among the classes, which here is a label that is missing.

    Args:
        model: An `ObjectiveModel`.
        arguments: Those of `fit`, which are changed.

    Raises:
        ValueError: If there are no classes, or no weights of them.
    """
    condition = getattr(model, "condition", None)
    if condition is not None and condition.num_classes is None:
        raise ValueError(
            "`class_weight` needs classes: use `sample_weight` where the condition is "
            f"a vector of numbers. Received: class_weight={arguments['class_weight']!r}"
        )
    by_class = _checked_class_weight(arguments.pop("class_weight"))
    x: Any = arguments.get("x")
    y: Any = arguments.get("y")
    weight: Any = arguments.get("sample_weight")
    if not by_class:
        return
    spec = getattr(x, "element_spec", None)
    if isinstance(x, tf.data.Dataset) and isinstance(spec, tuple) and len(spec) > 1:
        known = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(list(by_class), tf.int64),
                tf.constant(list(by_class.values()), tf.float32),
            ),
            default_value=1.0,
        )

        def weighed(x: Any, y: Tensor, weight: Any = None) -> tuple:
            own = known.lookup(tf.reshape(tf.cast(y, tf.int64), (-1,)))
            return x, y, own if weight is None else own * tf.reshape(weight, (-1,))

        arguments["x"] = x.map(weighed)
    elif is_in_arrays(y):
        labels = np.reshape(y, (-1,)).tolist()
        own = np.array([by_class.get(label, 1.0) for label in labels], "float32")
        is_weighed = weight is not None
        arguments["sample_weight"] = own * np.ravel(weight) if is_weighed else own
    else:
        raise ValueError(
            "`class_weight` must come with labels in one array, or with a `tf.data` "
            f"dataset of (x, y). Received: y of type {type(y).__name__}"
        )


def _checked_class_weight(by_class: Any) -> dict[int, float]:
    is_dict = isinstance(by_class, dict)
    if not is_dict or not all(isinstance(k, numbers.Integral) for k in by_class):
        raise ValueError(
            "`class_weight` must be a dict from classes, integers, to weights. "
            f"Received: class_weight={by_class!r}"
        )
    for label, weight in by_class.items():
        check_in_range(f"class_weight[{label}]", weight)
    return {int(label): float(weight) for label, weight in by_class.items()}


def check_sample_weight(weight: Any, count: int) -> None:
    """Refuse what doesn't weigh each of so many rows.

    Raises:
        ValueError: If the shape or a number is wrong.
    """
    if np.shape(weight) not in ((count,), (count, 1)):
        raise ValueError(
            f"`sample_weight` must hold one number for each of the {count} rows. "
            f"Received: sample_weight of shape {tuple(np.shape(weight))}"
        )
    check_is_real("sample_weight", ops.convert_to_tensor(weight))
    low, high = np.min(weight), np.max(weight)
    # Comparisons with NaN are false.
    if not 0 <= low <= high < np.inf:
        raise ValueError(
            "`sample_weight` must hold finite numbers of at least 0. "
            f"Received: minimum={float(low):.9g}, maximum={float(high):.9g}"
        )


def check_weight_of_batch(weight: Any, count: int | None) -> None:
    """Refuse weights of another shape, whose values come later.

    Args:
        weight: An array or a tensor.
        count: Number of rows, `None` where a trace doesn't know it.

    Raises:
        ValueError: If the shape is wrong, or they are no numbers.
    """
    weight = ops.convert_to_tensor(weight)
    check_is_real("sample_weight", weight)
    shape = weight.shape
    if shape.rank is None or count is None:
        fits = shape.rank in (None, 1, 2) and (shape.rank != 2 or shape[1] in (None, 1))
    else:
        fits = shape.is_compatible_with((count,))
        fits = fits or shape.is_compatible_with((count, 1))
    if not fits:
        rows = "each row" if count is None else f"each of the {count} rows"
        raise ValueError(
            f"`sample_weight` must hold one number for {rows}. "
            f"Received: sample_weight of shape {tuple(shape)}"
        )
