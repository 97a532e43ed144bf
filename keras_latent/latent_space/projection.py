"""Codes in two or three dimensions, to be looked at."""

from typing import Any

import numpy as np

from keras_latent.latent_space.codes import as_vectors
from keras_latent.validation import (
    check_choice,
    checked_positive_integer,
    checked_seed,
)

_LARGEST_PERPLEXITY = 30.0
_UMAP_NEIGHBOURS = 15

MOST_BY_TSNE = 20_000
"""Codes that t-SNE takes: minutes of work; of more, a sample tells as much."""


def project(
    codes: Any,
    method: str = "pca",
    dimensions: int = 2,
    seed: int = 0,
    verbose: int = 0,
) -> np.ndarray:
    """Codes in a few dimensions, so that one can look at them.

    - `"pca"`, principal components: linear; distances and directions keep a meaning.
    - `"tsne"`: neighbours stay neighbours; sizes of clusters and distances between them
      mean nothing. It starts from the principal components, which keeps some of the
      arrangement, with the perplexity 30, or a third of the other points if that is
      less. It takes at most 20,000 codes, which are minutes of work; of more, project a
      sample, `codes[sample_rows(len(codes), 5000)]`.
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
        verbose: 1 shows the progress of t-SNE and UMAP, 0 nothing. Defaults to 0.

    Returns:
        Array of shape (count, dimensions).

    Raises:
        ValueError: If there are too few codes, or too many for t-SNE, a code isn't
            finite, or `dimensions`, `method`, `seed` or `verbose` is none that is
            possible.
        ImportError: If `method` is `"umap"` and umap-learn isn't installed.

    Source: van der Maaten and Hinton 2008, "Visualizing data using t-SNE"; McInnes,
    Healy and Melville 2018, "UMAP".

    >>> project([[0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [2.0, 2.0, 1.0]]).shape
    (3, 2)
    """
    check_choice("method", method, _METHODS)
    check_choice("verbose", verbose, (0, 1))
    dimensions = checked_positive_integer("dimensions", dimensions)
    random_state = checked_seed(seed) % 2**32
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
    if method == "tsne" and len(codes) > MOST_BY_TSNE:
        raise ValueError(
            f"`codes` must hold at most {MOST_BY_TSNE:,} codes for method='tsne': "
            "project a sample of them, `codes[sample_rows(len(codes), 5000)]`. "
            f"Received: codes of shape {codes.shape}"
        )
    if (codes == codes[0]).all():
        return np.zeros((len(codes), dimensions))
    # In single precision, squares of tiny codes underflow to 0.
    codes = codes.astype("float64")
    return _METHODS[method](codes, dimensions, random_state, verbose)


def sample_rows(count: int, most: int, seed: int = 0) -> np.ndarray:
    """Draw rows of which a sample consists, such as t-SNE takes of many codes.

    Args:
        count: How many rows there are.
        most: Rows of the sample, or all if there are fewer.
        seed: Seed of the draw; the same seed draws the same rows. Defaults to 0.

    Returns:
        Integers of shape (min(count, most),): indices in increasing order, none twice.

    Raises:
        ValueError: If `count` or `most` is no positive integer, or `seed` no integer of
            at least 0.

    >>> sample_rows(3, most=5)
    array([0, 1, 2])
    """
    count = checked_positive_integer("count", count)
    most = checked_positive_integer("most", most)
    return np.sort(np.random.default_rng(checked_seed(seed)).permutation(count)[:most])


def _principal_components(
    codes: np.ndarray, dimensions: int, seed: int, verbose: int
) -> np.ndarray:
    from sklearn.decomposition import PCA

    return PCA(dimensions, random_state=seed).fit_transform(codes)


def _tsne(codes: np.ndarray, dimensions: int, seed: int, verbose: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    perplexity = min(_LARGEST_PERPLEXITY, (len(codes) - 1) / 3)
    projection = TSNE(
        dimensions,
        perplexity=perplexity,
        init="pca",
        random_state=seed,
        # From 2 on it says where it stands at every fiftieth step.
        verbose=2 * verbose,
    )
    # It starts from single precision, and crashes where squares underflow to 0; what it
    # gives doesn't depend on the scale of the codes.
    centred = codes - codes[0]
    return projection.fit_transform(centred / np.abs(centred).max())


def _umap(codes: np.ndarray, dimensions: int, seed: int, verbose: int) -> np.ndarray:
    try:
        import umap  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError(
            "`method` 'umap' needs the package umap-learn: `pip install umap-learn`. "
            "Received: method='umap'"
        ) from error
    neighbours = min(_UMAP_NEIGHBOURS, len(codes) - 1)
    projection = umap.UMAP(
        n_components=dimensions,
        n_neighbors=neighbours,
        random_state=seed,
        n_jobs=1,
        verbose=bool(verbose),
    )
    return projection.fit_transform(codes)


_METHODS = {"pca": _principal_components, "tsne": _tsne, "umap": _umap}
