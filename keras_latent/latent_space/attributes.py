"""Visual attributes as directions in latent space."""

import math
from typing import Any

import numpy as np

from keras_latent.latent_space.codes import ONE, as_codes, check_code_shape
from keras_latent.validation import check_in_range


def attribute_vector(codes_with: Any, codes_without: Any) -> np.ndarray:
    """Direction of an attribute: from the centroid without it to the one with it.

    The vector holds all in which the two sets differ. Where another attribute comes
    along with the one that is meant, as long hair does with a smile, choose the sets so
    that it is equally frequent in both.

    Args:
        codes_with: Codes of examples with the attribute, shape (count, *code_shape).
        codes_without: Codes of examples without it, shape (another count, *code_shape).

    Returns:
        Array of shape code_shape: mean of `codes_with` − mean of `codes_without`.

    Raises:
        ValueError: If a set is empty or not finite, or the shapes of the codes differ.

    Source: Larsen et al. 2016, "Autoencoding beyond pixels using a learned similarity
    metric".

    >>> attribute_vector([[1.0, 3.0], [1.0, 5.0]], [[0.0, 4.0]])
    array([1., 0.])
    """
    codes_with = as_codes("codes_with", codes_with)
    codes_without = as_codes("codes_without", codes_without)
    check_code_shape("codes_without", codes_without, codes_with.shape[1:])
    # Sums of many float32 codes lose digits; those of float64 don't.
    vector = codes_with.mean(axis=0, dtype="float64")
    vector -= codes_without.mean(axis=0, dtype="float64")
    return vector.astype(np.result_type(codes_with, codes_without))


def apply_attribute(codes: Any, vector: Any, strength: float = 1.0) -> np.ndarray:
    """Codes with more, or less, of an attribute: codes + strength · vector.

    Args:
        codes: Array of shape (count, *code_shape).
        vector: The attribute's direction, of shape code_shape, as
            `attribute_vector` gives it.
        strength: How much of it; below 0, the attribute is taken away. Defaults to 1.0.

    Returns:
        Array of shape (count, *code_shape), to be decoded.

    Raises:
        ValueError: If the shapes of the codes differ, or a number isn't finite.

    >>> apply_attribute([[0.0, 4.0]], [1.0, 0.0], strength=0.5)
    array([[0.5, 4. ]])
    """
    check_in_range("strength", strength, low=-math.inf)
    codes, vector = as_codes("codes", codes), as_codes("vector", vector, ONE)
    check_code_shape("vector", vector, codes.shape[1:])
    return codes + float(strength) * vector
