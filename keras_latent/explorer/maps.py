"""Where the images lie on the map, and which code an empty place stands for."""

from typing import NamedTuple

import numpy as np

from keras_latent.latent_space import project

_LONG = 5000
"""Codes of which a second map takes so long that its progress is shown."""


class Plane(NamedTuple):
    """The plane of the two principal components of codes.

    A place (x, y) of it is the code mean + x·axes[0] + y·axes[1].

    Args:
        mean: float32 of shape (latent_dim,).
        axes: float32 of shape (2, latent_dim), orthonormal; the second is 0 where codes
            have one dimension.
        points: float32 of shape (count, 2): where the codes are seen.
    """

    mean: np.ndarray
    axes: np.ndarray
    points: np.ndarray


def principal_plane(codes: np.ndarray, seed: int = 0) -> Plane:
    """The plane in which codes vary most.

    Args:
        codes: Array of shape (count, latent_dim).
        seed: Of the method that finds it where codes are many. Defaults to 0.

    >>> principal_plane(np.array([[0.0, 3.0, 0.0], [1.0, 3.0, 0.0]])).points[:, 0]
    array([-0.5,  0.5], dtype=float32)
    """
    codes = codes.astype("float64")
    mean = codes.mean(axis=0)
    axes = np.zeros((2, codes.shape[1]))
    count = min(2, *codes.shape)
    axes[np.arange(count), np.arange(count)] = 1.0
    if (codes != codes[0]).any():
        from sklearn.decomposition import PCA

        found = PCA(count, random_state=seed).fit(codes).components_
        # Of the two directions of an axis, the one whose largest element is positive.
        largest = np.abs(found).argmax(axis=1)
        signs = np.sign(found[np.arange(count), largest])
        axes[:count] = found * signs[:, None]
    points = (codes - mean) @ axes.T
    return Plane(*(array.astype("float32") for array in (mean, axes, points)))


def other_map(codes: np.ndarray, method: str, seed: int) -> np.ndarray:
    """Points of t-SNE or UMAP, in a square of side 2 around the origin.

    Args:
        codes: Array of shape (count, latent_dim).
        method: `"tsne"` or `"umap"`.
        seed: Of the method.

    Returns:
        float32 of shape (count, 2).
    """
    points = project(codes, method, seed=seed, verbose=int(len(codes) > _LONG))
    low, high = points.min(axis=0), points.max(axis=0)
    side = float((high - low).max()) or 1.0
    return ((points - (low + high) / 2) * (2 / side)).astype("float32")
