"""Networks from a point, a time and a label to the velocity of a flow."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

_FREQUENCIES = 4
TIME_FEATURES = 1 + 2 * _FREQUENCIES
"""Numbers that stand for a time."""


def time_features(t: np.ndarray) -> np.ndarray:
    """A time and its waves, of shape (count, TIME_FEATURES).

    Args:
        t: Times in [0, 1], of shape (count,).
    """
    angles = np.pi * t[:, None] * 2.0 ** np.arange(_FREQUENCIES)
    parts = [t[:, None], np.sin(angles), np.cos(angles)]
    return np.concatenate(parts, axis=1).astype("float32")


def velocity_network(
    code_shape: Sequence[int], classes: int, units: int
) -> keras.Model:
    """A network for vectors, or a small U-Net for maps.

    Args:
        code_shape: Shape of a code, (d,) or (h, w, c).
        classes: Number of labels.
        units: Units of a layer, or channels.

    Returns:
        A model of [codes, features of the time, labels], of which the last is one-hot
        of `classes` + 1 entries: the last stands for no label.
    """
    z = keras.Input(tuple(code_shape))
    given = [keras.Input((TIME_FEATURES,)), keras.Input((classes + 1,))]
    condition = layers.Concatenate()(given)
    hidden = layers.Dense(units, "silu")(condition)
    condition = layers.Dense(units, "silu")(hidden)
    body = _dense_body if len(code_shape) == 1 else _unet_body
    return keras.Model([z, *given], body(z, condition, units))


def one_hot(labels: np.ndarray, network: keras.Model) -> np.ndarray:
    """Numbers of labels as a velocity network takes them, float32.

    Args:
        labels: Integers of shape (count,); the greatest stands for no label.
        network: One of `velocity_network`.
    """
    return np.eye(network.input_shape[-1][-1], dtype="float32")[labels]


def _dense_body(
    z: keras.KerasTensor, condition: keras.KerasTensor, units: int
) -> keras.KerasTensor:
    hidden = layers.Dense(units)(z)
    for _ in range(3):
        inner = layers.Add()([hidden, layers.Dense(units)(condition)])
        inner = layers.Dense(units, "silu")(layers.Activation("silu")(inner))
        hidden = layers.Add()([hidden, layers.Dense(units)(inner)])
    hidden = layers.Activation("silu")(hidden)
    return layers.Dense(z.shape[-1], name="velocity")(hidden)


def _unet_body(
    z: keras.KerasTensor, condition: keras.KerasTensor, units: int
) -> keras.KerasTensor:
    height, width, channels = z.shape[1:]
    top = _block(layers.Conv2D(units, 3, padding="same")(z), condition, units)
    if height % 2 or width % 2:
        hidden = _block(top, condition, units)
    else:
        hidden = layers.Conv2D(units, 3, strides=2, padding="same")(top)
        for _ in range(2):
            hidden = _block(hidden, condition, units)
        hidden = layers.UpSampling2D()(hidden)
    hidden = layers.Concatenate()([top, hidden])
    hidden = layers.Conv2D(units, 1)(hidden)
    hidden = layers.Activation("silu")(_block(hidden, condition, units))
    return layers.Conv2D(channels, 3, padding="same", name="velocity")(hidden)


def _block(
    x: keras.KerasTensor, condition: keras.KerasTensor, units: int
) -> keras.KerasTensor:
    shift = layers.Reshape((1, 1, units))(layers.Dense(units)(condition))
    inner = layers.Conv2D(units, 3, padding="same")(layers.Activation("silu")(x))
    inner = layers.Activation("silu")(layers.Add()([inner, shift]))
    inner = layers.Conv2D(units, 3, padding="same")(inner)
    return layers.Add()([x, inner])
