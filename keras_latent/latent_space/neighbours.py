"""The codes that lie nearest to a code."""

from typing import Any, NamedTuple

import numpy as np

from keras_latent.latent_space.codes import as_vectors, check_latent_dim
from keras_latent.validation import checked_positive_integer


class Neighbours(NamedTuple):
    """The nearest codes of each query, the nearest first.

    Args:
        indices: Integers of shape (queries, k): rows of the codes.
        distances: float64 of shape (queries, k): their Euclidean distances.
    """

    indices: np.ndarray
    distances: np.ndarray


def nearest(queries: Any, codes: Any, k: int = 1) -> Neighbours:
    """The `k` nearest codes of each query by Euclidean distance.

    Every code is looked at, part by part, so that memory never holds all distances. A
    query that is itself among the codes finds itself, at distance 0.

    Args:
        queries: Array of shape (queries, *code_shape).
        codes: Array of shape (count, *code_shape).
        k: How many neighbours of each. Defaults to 1.

    Returns:
        `Neighbours(indices, distances)`, each of shape (queries, k), the nearest first.

    Raises:
        ValueError: If the latent dimensions differ, a code isn't finite, or `k` exceeds
            the number of codes.

    >>> nearest([[0.9]], [[0.0], [1.0], [3.0]], k=2).indices
    array([[1, 0]])
    """
    from sklearn.neighbors import NearestNeighbors

    k = checked_positive_integer("k", k)
    queries, codes = as_vectors("queries", queries), as_vectors("codes", codes)
    check_latent_dim("queries", queries, codes.shape[1])
    if k > len(codes):
        raise ValueError(
            f"`k` must be at most the number of codes, {len(codes)}. Received: k={k}"
        )
    # The search subtracts squares: far from the origin nothing would be left of small
    # distances. For the same reason those of what it found are measured anew.
    origin = codes.mean(axis=0, dtype="float64")
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(codes - origin)
    indices = search.kneighbors(queries - origin, return_distance=False)
    distances = np.stack(
        [_distances(queries, codes[column]) for column in indices.T], axis=1
    )
    order = np.argsort(distances, axis=1, kind="stable")
    return Neighbours(
        np.take_along_axis(indices, order, axis=1),
        np.take_along_axis(distances, order, axis=1),
    )


def _distances(codes: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.linalg.norm(codes.astype("float64") - others, axis=1)
