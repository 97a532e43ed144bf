"""What tells one trained model from another."""

import hashlib
from typing import Any

import numpy as np


def weights_hash(model: Any) -> str:
    """SHA-256 of the weights of a Keras model, their shapes and types, in their order.

    Args:
        model: A Keras model. States of random generators don't count.

    Returns:
        64 hexadecimal digits.

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> len(weights_hash(model))
    64
    """
    digest = hashlib.sha256()
    for weight in model.weights:
        array = np.asarray(weight)
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
