"""Groups of codes, and where they lie to each other."""

from typing import Any, NamedTuple

import numpy as np

from keras_latent.latent_space.codes import as_codes, as_vectors
from keras_latent.validation import checked_positive_integer, checked_seed


class Clusters(NamedTuple):
    """Groups of codes.

    Args:
        labels: Integers of shape (codes,): the cluster of each code, from 0.
        centroids: Array of shape (count, *code_shape): the mean of each cluster.
    """

    labels: np.ndarray
    centroids: np.ndarray


def clusters(codes: Any, count: int, seed: int = 0) -> Clusters:
    """Group codes around `count` centroids by k-means.

    The best of ten starts is kept.

    Args:
        codes: Array of shape (codes, *code_shape).
        count: Number of clusters, at most that of different codes.
        seed: Seed of the starts; the same seed gives the same clusters. Defaults to 0.

    Returns:
        `Clusters(labels, centroids)`, of shapes (codes,) and (count, *code_shape).

    Raises:
        ValueError: If a code isn't finite, there are fewer different codes than
            clusters, or the seed is no integer of at least 0.

    Source: Arthur and Vassilvitskii 2007, "k-means++: the advantages of careful
    seeding".

    >>> centroids = clusters([[0.0], [0.2], [5.0], [5.2]], count=2).centroids
    >>> sorted(centroids.round(1).ravel().tolist())
    [0.1, 5.1]
    """
    from sklearn.cluster import KMeans

    count = checked_positive_integer("count", count)
    random_state = checked_seed(seed) % 2**32
    codes = as_codes("codes", codes)
    vectors = as_vectors("codes", codes)
    different = len(np.unique(vectors, axis=0))
    if count > different:
        raise ValueError(
            f"`count` must be at most the number of different codes, {different}. "
            f"Received: count={count}"
        )
    means = KMeans(count, n_init=10, random_state=random_state).fit(vectors)
    centroids = means.cluster_centers_.reshape(count, *codes.shape[1:])
    return Clusters(means.labels_, centroids)


def relative_positions(centroids: Any) -> np.ndarray:
    """Where each centroid lies, seen from each other one.

    Entry [i, j] is centroid j − centroid i: added to a code of cluster i, it leads to
    cluster j, as `attribute_vector(codes of j, codes of i)` does.

    Args:
        centroids: Array of shape (count, *code_shape).

    Returns:
        Array of shape (count, count, *code_shape).

    Raises:
        ValueError: If the shape is another, or a centroid isn't finite.

    >>> relative_positions([[0.0, 0.0], [3.0, 4.0]])[0, 1]
    array([3., 4.])
    """
    centroids = as_codes("centroids", centroids)
    return centroids[None] - centroids[:, None]
