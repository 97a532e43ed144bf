"""How long codes are."""

from typing import Any

import numpy as np

from keras_latent.latent_space.codes import as_vectors


def latent_length(codes: Any, generated_codes: Any = None) -> float:
    """½·(mean z² + mean z'²) over codes and dimensions, or ½·mean z² alone.

    With the codes z of images and z' of their reconstructions it is the log
    `latent_length` of `EncDec`. Of z alone it is the first half of that: near the
    equilibrium, where z' is close to z, half of its value.

    Args:
        codes: Codes z of images, of shape (count, latent_dim).
        generated_codes: Codes z' of their reconstructions, of the same shape. Defaults
            to `None`: without their part.

    Returns:
        The length.

    Raises:
        ValueError: If the shapes differ, or a code isn't finite.

    Source: small-yellow-duck, "Encoder-decoder networks" (github.com/small-yellow-duck/
    encdec).

    >>> latent_length([[1.0, 3.0]]), latent_length([[1.0, 3.0]], [[1.0, 1.0]])
    (2.5, 3.0)
    """
    codes = as_vectors("codes", codes)
    length = np.mean(np.square(codes, dtype="float64"))
    if generated_codes is not None:
        generated_codes = as_vectors("generated_codes", generated_codes)
        if generated_codes.shape != codes.shape:
            raise ValueError(
                f"`generated_codes` must have the shape of the codes, {codes.shape}. "
                f"Received: generated_codes of shape {generated_codes.shape}"
            )
        length += np.mean(np.square(generated_codes, dtype="float64"))
    return float(0.5 * length)
