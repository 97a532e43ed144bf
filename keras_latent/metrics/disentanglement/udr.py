"""Do models of several seeds agree on their codes? Without any factors."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_latent.kinds import is_iterable
from keras_latent.latent_space.codes import as_codes, as_numbers
from keras_latent.metrics.score import Score
from keras_latent.validation import check_choice, check_in_range


@dataclass(frozen=True, kw_only=True)
class UDRScore(Score):
    """The mean over the models, and the number of each.

    Args:
        value: The number: the mean over the models.
        protocol: All that one needs to measure it again.
        interval: Half of the width of the number's 95 % interval, not measured here.
            Defaults to `None`.
        by_model: The score of each model, in [0, 1], in the order given: the greater,
            the more others agree with it.
    """

    by_model: tuple[float, ...]


def udr(
    codes_of_models: Sequence[Any],
    divergences: Sequence[Any] | None = None,
    similarity: str = "lasso",
    least_divergence: float = 0.01,
) -> UDRScore:
    """Unsupervised disentanglement ranking: which models agree with the others.

    Two models agree as far as each code of one is like one code of the other alone. Of
    the matrix R of likeness, that is the mean over the codes of the one of
    max R² / Σ R, and the same over the codes of the other, and the mean of both. A
    model's score is the median over the others. Models that are alike up to order and
    sign, of independent codes, have 1 by `"spearman"`; by `"lasso"` 0.9, because its
    penalty takes 0.1 off.

    Codes that are constant, or whose divergence is too small, are left out. A code that
    is like none counts with 0, and so does a pair of models of which one has no code
    left.

    Args:
        codes_of_models: For each model, at least two, the codes of the same n images in
            the same order: arrays of shape (n, latent_dim), whose latent dimensions may
            differ.
        divergences: For each model, the mean divergence of each code from the prior in
            nats, of shape (latent_dim,). Defaults to `None`: every code counts that
            isn't constant.
        similarity: `"lasso"`, the coefficients of a linear prediction with a penalty of
            0.1, or `"spearman"`, rank correlation; of standardised codes. Defaults to
            `"lasso"`.
        least_divergence: The divergence that a code must exceed. Defaults to 0.01.

    Returns:
        The mean of the models' scores, and each in `by_model`.

    Raises:
        ValueError: If there are fewer than two models, numbers of rows differ, a number
            isn't finite, or `similarity` is neither of the two.

    Source: Duan et al. 2020, "Unsupervised model selection for variational disentangled
    representation learning".

    >>> import numpy as np
    >>> codes = np.random.default_rng(0).normal(size=(1000, 3))
    >>> score = udr([codes, -codes[:, ::-1]], similarity="spearman")
    >>> [round(number, 1) for number in score.by_model]
    [1.0, 1.0]
    """
    import sklearn

    check_choice("similarity", similarity, ("lasso", "spearman"))
    check_in_range("least_divergence", least_divergence)
    models = _checked(codes_of_models)
    kept = _kept(models, divergences, least_divergence)
    models = [
        _prepared(codes[:, used], similarity)
        for codes, used in zip(models, kept, strict=True)
    ]
    like = _like_lasso if similarity == "lasso" else _like_spearman
    by_model = [
        float(
            np.median(
                [
                    agreement(like(one, other))
                    for index, other in enumerate(models)
                    if index != own
                ]
            )
        )
        for own, one in enumerate(models)
    ]
    protocol = {
        "measure": "unsupervised disentanglement ranking",
        "similarity": "lasso, penalty 0.1" if similarity == "lasso" else similarity,
        "standardised": True,
        "least_divergence": None if divergences is None else least_divergence,
        "excluded_codes": [np.flatnonzero(~used).tolist() for used in kept],
        "scikit-learn": sklearn.__version__,
        "n_models": len(models),
        "n": len(models[0]),
    }
    return UDRScore(
        value=float(np.mean(by_model)), protocol=protocol, by_model=tuple(by_model)
    )


def agreement(likeness: np.ndarray) -> float:
    """How near a matrix of likeness is to one entry in each row and column.

    Args:
        likeness: float64 of shape (codes, codes of another model), at least 0.

    Returns:
        The mean of both directions' means of max R² / Σ R, in which a row of nothing
        counts with 0; 0 if there is no code.
    """
    if not likeness.size:
        return 0.0
    means = []
    for axis in (0, 1):
        sums = likeness.sum(axis=axis)
        squares = np.square(likeness.max(axis=axis))
        shares = np.divide(squares, sums, out=np.zeros_like(sums), where=sums > 0)
        means.append(shares.mean())
    return float(np.mean(means))


def _checked(codes_of_models: Sequence[Any]) -> list[np.ndarray]:
    given = _length(codes_of_models)
    if given is None or given < 2 or isinstance(codes_of_models, Mapping):
        raise ValueError(
            "`codes_of_models` must be a sequence of the codes of at least two models. "
            f"Received: codes_of_models of type {type(codes_of_models).__name__} and "
            f"length {given}"
        )
    models = [
        as_codes(f"codes_of_models[{index}]", codes, (2,)).astype("float64")
        for index, codes in enumerate(codes_of_models)
    ]
    rows = [len(codes) for codes in models]
    if len(set(rows)) > 1:
        raise ValueError(
            "`codes_of_models` must hold codes of the same images. "
            f"Received: codes_of_models of {rows} rows"
        )
    return models


def _kept(
    models: list[np.ndarray], divergences: Sequence[Any] | None, least: float
) -> list[np.ndarray]:
    """For each model, booleans of shape (latent_dim,): which codes count."""
    kept = [(codes != codes[:1]).any(axis=0) for codes in models]
    if divergences is None:
        return kept
    if _length(divergences) != len(models):
        raise ValueError(
            "`divergences` must hold an array for each model. "
            f"Received: divergences of length {_length(divergences)}"
        )
    for index, (used, given) in enumerate(zip(kept, divergences, strict=True)):
        array = as_numbers(f"divergences[{index}]", given)
        if array.shape != used.shape:
            raise ValueError(
                f"`divergences[{index}]` must have the shape {used.shape}. "
                f"Received: divergences[{index}] of shape {array.shape}"
            )
        used &= array > least
    return kept


def _length(given: Any) -> int | None:
    """How many there are; `None` of what has no length."""
    return len(given) if isinstance(given, Sized) and is_iterable(given) else None


def _prepared(codes: np.ndarray, similarity: str) -> np.ndarray:
    """Standardised codes, or their standardised ranks."""
    if similarity == "spearman" and codes.size:
        from scipy.stats import rankdata

        codes = rankdata(codes, axis=0)
    centred = codes - codes.mean(axis=0)
    return centred / centred.std(axis=0)


def _like_lasso(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import Lasso

    if not one.shape[1] or not other.shape[1]:
        return np.zeros((one.shape[1], other.shape[1]))
    model = Lasso(alpha=0.1).fit(one, other)
    return np.abs(model.coef_).reshape(other.shape[1], one.shape[1]).T


def _like_spearman(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.T @ other) / len(one)
