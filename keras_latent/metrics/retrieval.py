"""How often a code finds its partner among others."""

from typing import Any

import numpy as np

from keras_latent.latent_space.codes import as_vectors
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_positive_integer


def retrieval_accuracy(queries: Any, gallery: Any, k: int = 1) -> Score:
    """Share of queries whose own partner is among its `k` nearest gallery codes.

    Row i of the queries belongs to row i of the gallery: the same emoji in two styles,
    say. A gallery code as near as the partner counts as nearer, so that codes that are
    all equal find nothing.

    Args:
        queries: Array of shape (count, latent_dim).
        gallery: Array of the same shape: the partners, row by row.
        k: How many gallery codes are looked at. Defaults to 1.

    Returns:
        The share, in [0, 1]; `protocol["chance"]` is that of a random order, k/count.

    Raises:
        ValueError: If the shapes differ, a code isn't finite, or `k` exceeds the number
            of codes.

    >>> float(retrieval_accuracy([[0.0], [1.0], [2.0]], [[0.1], [1.1], [9.0]]))
    0.6666666666666666
    """
    from sklearn.metrics import pairwise_distances_chunked

    k = checked_positive_integer("k", k)
    queries, gallery = as_vectors("queries", queries), as_vectors("gallery", gallery)
    if gallery.shape != queries.shape:
        raise ValueError(
            f"`gallery` must have the shape of the queries, {queries.shape}. "
            f"Received: gallery of shape {gallery.shape}"
        )
    if k > len(gallery):
        raise ValueError(
            f"`k` must be at most the number of gallery codes, {len(gallery)}. "
            f"Received: k={k}"
        )

    def count_as_near(distances: np.ndarray, start: int) -> np.ndarray:
        """Gallery codes that are as near as the partner, which is one of them."""
        rows = np.arange(len(distances))
        return np.sum(distances <= distances[rows, start + rows, None], axis=1)

    # Not "euclidean": by its matrix product, equal codes differ in the last digits.
    chunks = pairwise_distances_chunked(
        queries.astype("float64"),
        gallery.astype("float64"),
        reduce_func=count_as_near,
        metric="sqeuclidean",
    )
    ranks = np.concatenate(list(chunks))
    protocol = {
        "measure": "share of queries whose partner is among the k nearest",
        "k": k,
        "distance": "euclidean",
        "ties": "count against",
        "standardised": False,
        "chance": k / len(gallery),
        "n": len(gallery),
    }
    return Score(float(np.mean(ranks <= k)), protocol)
