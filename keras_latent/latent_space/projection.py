"""Codes in two or three dimensions, to be looked at."""

from typing import Any

import numpy as np

from keras_latent.latent_space.codes import as_vectors
from keras_latent.validation import check_choice, check_positive_integer

_LARGEST_PERPLEXITY = 30.0
_UMAP_NEIGHBOURS = 15


def project(
    codes: Any, method: str = "pca", dimensions: int = 2, seed: int = 0
) -> np.ndarray:
    """Codes in a few dimensions, so that one can look at them.

    - `"pca"`, principal components: linear; distances and directions keep a meaning.
    - `"tsne"`: neighbours stay neighbours; sizes of clusters and distances between them
      mean nothing. It starts from the principal components, which keeps some of the
      arrangement, with the perplexity 30, or a third of the other points if that is
      less. Minutes for tens of thousands of codes: take a few thousand of them.
    - `"umap"`: as t-SNE, and faster for many codes. Needs the package umap-learn.

    Codes that are all equal, those of a collapsed model, are projected to one point.

    Args:
        codes: Array of shape (count, *code_shape): for `"pca"` at least one more code
            than `dimensions`, for `"tsne"` 5, for `"umap"` 5 and two more than
            `dimensions`.
        method: `"pca"`, `"tsne"` or `"umap"`. Defaults to `"pca"`.
        dimensions: Dimensions to project to, at most `latent_dim`; for `"tsne"` at most
            3. Defaults to 2.
        seed: Seed of the methods that draw random numbers; the same seed gives the same
            projection. Defaults to 0.

    Returns:
        Array of shape (count, dimensions).

    Raises:
        ValueError: If there are too few codes, a code isn't finite, or `dimensions`
            or `method` is none that is possible.
        ImportError: If `method` is `"umap"` and umap-learn isn't installed.

    Source: van der Maaten and Hinton 2008, "Visualizing data using t-SNE"; McInnes,
    Healy and Melville 2018, "UMAP".

    >>> project([[0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [2.0, 2.0, 1.0]]).shape
    (3, 2)
    """
    check_choice("method", method, _METHODS)
    check_positive_integer("dimensions", dimensions)
    codes = as_vectors("codes", codes)
    most = min(codes.shape[1], 3) if method == "tsne" else codes.shape[1]
    if dimensions > most:
        raise ValueError(
            f"`dimensions` must be at most {most} for codes of {codes.shape[1]} "
            f"dimensions and method={method!r}. Received: dimensions={dimensions}"
        )
    least = {"pca": dimensions + 1, "tsne": 5, "umap": max(5, dimensions + 2)}[method]
    if len(codes) < least:
        raise ValueError(
            f"`codes` must hold at least {least} codes for method={method!r} and "
            f"dimensions={dimensions}. Received: codes of shape {codes.shape}"
        )
    if (codes == codes[0]).all():
        return np.zeros((len(codes), dimensions))
    # In single precision, squares of tiny codes underflow to 0.
    return _METHODS[method](codes.astype("float64"), dimensions, seed)


def _principal_components(codes: np.ndarray, dimensions: int, seed: int) -> np.ndarray:
    from sklearn.decomposition import PCA

    return PCA(dimensions, random_state=seed).fit_transform(codes)


def _tsne(codes: np.ndarray, dimensions: int, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    perplexity = min(_LARGEST_PERPLEXITY, (len(codes) - 1) / 3)
    projection = TSNE(dimensions, perplexity=perplexity, init="pca", random_state=seed)
    # It starts from single precision, and crashes where squares underflow to 0; what it
    # gives doesn't depend on the scale of the codes.
    centred = codes - codes[0]
    return projection.fit_transform(centred / np.abs(centred).max())


def _umap(codes: np.ndarray, dimensions: int, seed: int) -> np.ndarray:
    try:
        import umap  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError(
            "`method` 'umap' needs the package umap-learn: `pip install umap-learn`. "
            "Received: method='umap'"
        ) from error
    neighbours = min(_UMAP_NEIGHBOURS, len(codes) - 1)
    projection = umap.UMAP(
        n_components=dimensions, n_neighbors=neighbours, random_state=seed, n_jobs=1
    )
    return projection.fit_transform(codes)


_METHODS = {"pca": _principal_components, "tsne": _tsne, "umap": _umap}
