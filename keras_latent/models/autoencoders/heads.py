"""Heads on the code: what they are made of, and which labels belong to them."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_latent.training.guard import Column
from keras_latent.validation import check_positive_integer


def linear_head(head: Any, latent_dim: int) -> Any:
    """A head as it is, or a linear one for a number of classes."""
    if isinstance(head, keras.Model) or not isinstance(head, int | np.integer):
        return head
    check_positive_integer("heads", head)
    layers = [keras.Input((latent_dim,)), keras.layers.Dense(int(head))]
    return keras.Sequential(layers, name="head")


def check_heads(heads: Any, latent_dim: int) -> None:
    """Refuse what can't tell classes from a code.

    Args:
        heads: A model, or a dict of models.
        latent_dim: Number of dimensions of the code.

    Raises:
        ValueError: If there is none, or one has no name, doesn't take a code, or
            doesn't give logits.
    """
    by_name = dict(heads) if isinstance(heads, Mapping) else {"": heads}
    if not by_name:
        raise ValueError(f"`heads` must hold at least one head. Received: {heads=}")
    if isinstance(heads, Mapping):
        for name in by_name:
            # Terms, weights and logs are called after it.
            if not isinstance(name, str) or not name:
                raise ValueError(
                    "`heads` must be named by strings that aren't empty. "
                    f"Received: heads with the name {name!r}"
                )
    for name, head in by_name.items():
        argument = f"heads[{name!r}]" if name else "heads"
        if not isinstance(head, keras.Model):
            raise ValueError(
                f"`{argument}` must be a Keras model from codes to logits, or a number "
                f"of classes. Received: {argument}={head!r}"
            )
        taken = getattr(head, "input_shape", None)
        if taken != (None, latent_dim):
            raise ValueError(
                f"`{argument}` must take the code, of shape (None, {latent_dim}). "
                f"Received: {argument}.input_shape={taken}"
            )
        given = getattr(head, "output_shape", None)
        if not (isinstance(given, tuple) and len(given) == 2 and given[1] > 1):
            raise ValueError(
                f"`{argument}` must give logits of shape (None, classes), of at least "
                f"2 classes. Received: {argument}.output_shape={given}"
            )
        activation = getattr(head.layers[-1], "activation", None)
        if activation in (keras.activations.softmax, keras.activations.sigmoid):
            raise ValueError(
                f"`{argument}` must give logits, without an activation at its end. "
                f"Received: activation={activation.__name__!r}"
            )


def label_columns(y: Any, heads: Any) -> list[Column]:
    """Labels as what must lie in a range, for the steps of a training.

    Args:
        y: Labels, or a dict of them.
        heads: A model, or a dict of models.
    """
    named = (
        {f"y[{name!r}]": (y[name], heads[name]) for name in heads}
        if isinstance(heads, Mapping)
        else {"y": (y, heads)}
    )
    columns = []
    for argument, (labels, head) in named.items():
        last = head.output_shape[1] - 1
        rule = f"hold classes from 0 to {last}, or -1 for a missing label"
        columns.append(Column(argument, labels, -1.0, float(last), rule, is_whole=True))
    return columns


def check_labels(y: Any, heads: Any, count: int | None) -> None:
    """Refuse labels that don't belong to the heads.

    Args:
        y: Integers of shape (count,) or (count, 1), −1 where missing; for a dict of
            heads a dict of them.
        heads: A model, or a dict of models.
        count: Number of examples; `None` where the labels come in batches.

    Raises:
        ValueError: If labels are missing as a whole, their number is another, or one is
            no class of its head.
    """
    if isinstance(heads, Mapping):
        if not isinstance(y, Mapping) or set(y) != set(heads):
            received = sorted(y) if isinstance(y, Mapping) else type(y).__name__
            raise ValueError(
                f"`y` must be a dict with the labels of each head, {sorted(heads)}. "
                f"Received: y={received}"
            )
        for name, head in heads.items():
            _check_labels_of(f"y[{name!r}]", y[name], head, count)
    else:
        _check_labels_of("y", y, heads, count)


def _check_labels_of(
    argument: str, y: Any, head: keras.Model, count: int | None
) -> None:
    if y is None:
        raise ValueError(
            f"`{argument}` must hold the labels that the model is to learn, -1 where "
            f"one is missing. Received: {argument}=None"
        )
    if count is None:
        return
    labels = np.asarray(y)
    if labels.shape not in ((count,), (count, 1)):
        raise ValueError(
            f"`{argument}` must hold one label for each of the {count} examples. "
            f"Received: {argument} of shape {labels.shape}"
        )
    classes = head.output_shape[1]
    is_class = np.isin(labels, np.arange(-1, classes))
    if not is_class.all():
        raise ValueError(
            f"`{argument}` must hold classes from 0 to {classes - 1}, or -1 for a "
            f"missing label. Received: {argument} with {labels[~is_class][0]!r}"
        )
