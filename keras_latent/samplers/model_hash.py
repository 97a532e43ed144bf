"""What tells one trained model from another."""

import hashlib
from typing import Any

import numpy as np


def weights_hash(model: Any) -> str:
    """The SHA-256 of a model's weights, their shapes and their types.

    Args:
        model: A built Keras model. States of random generators don't count.

    Returns:
        64 hexadecimal digits.

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> len(weights_hash(model))
    64
    """
    found = hashlib.sha256()
    for weight in model.weights:
        value = np.ascontiguousarray(np.asarray(weight))
        found.update(f"{value.shape} {value.dtype};".encode())
        found.update(value.tobytes())
    return found.hexdigest()
