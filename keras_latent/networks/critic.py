"""Networks that judge codes."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_latent.networks.checks import check_widths
from keras_latent.validation import check_positive_integer


def dense_critic(
    size: int,
    widths: Sequence[int] = (1000, 1000, 1000, 1000, 1000, 1000),
    dtype: Any = None,
    name: str = "critic",
) -> keras.Model:
    """Dense layers with leaky ReLU: a vector is judged by one logit.

    Args:
        size: Length of the vector.
        widths: The number of units of each layer. Defaults to
            `(1000, 1000, 1000, 1000, 1000, 1000)`.
        dtype: The dtype policy of the layers; the logit is float32 under any policy.
            Defaults to `None`: the global one.
        name: The model's name. Defaults to `"critic"`.

    Returns:
        A functional model: (batch, size) to (batch, 1).

    Raises:
        ValueError: If `size` or `widths` isn't as described.

    Source: Kim and Mnih 2018, appendix A.

    >>> dense_critic(6, widths=(32, 32)).output_shape
    (None, 1)
    """
    check_positive_integer("size", size)
    check_widths(widths)
    code = keras.Input((size,), name="code")
    x = code
    for width in widths:
        x = layers.Dense(width, dtype=dtype)(x)
        x = layers.LeakyReLU(negative_slope=0.2, dtype=dtype)(x)
    return keras.Model(code, layers.Dense(1, dtype="float32")(x), name=name)


def check_critic(argument: str, critic: Any, shape: tuple[int, ...]) -> None:
    """Refuse what doesn't judge values of a shape by one logit.

    Args:
        argument: The critic's name, for the message.
        critic: What the caller gave.
        shape: The shape of what is judged, rows aside.

    Raises:
        ValueError: If it isn't a Keras model from such values to (batch, 1).
    """
    if not isinstance(critic, keras.Model):
        raise ValueError(
            f"`{argument}` must be a Keras model. Received: {argument}={critic!r} "
            f"of type {type(critic).__name__}"
        )
    taken = getattr(critic, "input_shape", None)
    given = getattr(critic, "output_shape", None)
    if taken != (None, *shape) or given != (None, 1):
        raise ValueError(
            f"`{argument}` must take values of shape {(None, *shape)} and give a logit "
            f"of shape (None, 1). Received: {argument}.input_shape={taken}, "
            f"{argument}.output_shape={given}"
        )
