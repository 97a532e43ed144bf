"""Which dimensions of a code are in use."""

from typing import Any

import numpy as np

from keras_latent.latent_space.codes import as_vectors
from keras_latent.validation import check_in_range


def active_units(means: Any, threshold: float = 0.01) -> np.ndarray:
    """Dimensions of a variational code whose mean depends on the data.

    A dimension is active if the variance over the data of its posterior mean exceeds
    the threshold. The posterior of the others is the prior, whatever the image: they
    are unused.

    Args:
        means: Posterior means of shape (count, latent_dim), what `encode` gives; at
            least two.
        threshold: The variance above which a dimension is active. Defaults to 0.01.

    Returns:
        Booleans of shape (latent_dim,); their sum is the number of active units.

    Raises:
        ValueError: If there are fewer than two codes, or one isn't finite.

    Source: Burda, Grosse and Salakhutdinov 2015, "Importance weighted autoencoders".

    >>> active_units([[0.0, 1.0], [0.05, -1.0]])
    array([False,  True])
    """
    check_in_range("threshold", threshold)
    means = as_vectors("means", means)
    if len(means) < 2:
        raise ValueError(
            "`means` must hold at least two codes, to vary. "
            f"Received: means of shape {means.shape}"
        )
    return means.var(axis=0, dtype="float64") > threshold
