"""Disentanglement, completeness and informativeness, by what predicts the factors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_latent.metrics.disentanglement.factor_data import FactorData, factor_data
from keras_latent.metrics.disentanglement.interval import (
    bootstrap_interval,
    check_resamples,
    interval_protocol,
)
from keras_latent.metrics.disentanglement.split import (
    coefficient_of_determination,
    split_rows,
)
from keras_latent.metrics.score import Score
from keras_latent.validation import check_choice, checked_seed

_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class DCIScore(Score):
    """Three numbers of one prediction; its own number is the disentanglement.

    Args:
        value: The number: the disentanglement.
        protocol: All that one needs to measure it again.
        interval: Half of the width of the number's 95 % interval, where rows were
            resampled. Defaults to `None`.
        disentanglement: Whether each code is important for one factor alone, in [0, 1].
        completeness: Whether one code alone is important for each factor, in [0, 1].
        informativeness: How well the factors are predicted, in [0, 1].
    """

    disentanglement: float
    completeness: float
    informativeness: float


def dci(
    codes: Any,
    factors: Any,
    regressor: str = "forest",
    train_size: int = 10000,
    test_size: int = 5000,
    continuous_factors: Sequence[int] | None = None,
    factor_names: Sequence[str] | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> DCIScore:
    """Disentanglement, completeness and informativeness.

    Each factor is predicted from all codes. The importances of a code for the factors
    are shares; disentanglement is 1 less their entropy, with as many factors as there
    are for the base of the logarithm, weighted by how important the code is.
    Completeness is the same of the importances of the codes for a factor.
    Informativeness is the mean over the factors of the accuracy in other rows, of R² of
    continuous factors. Perfect codes have 1, 1, 1; codes that each have a copy keep
    their disentanglement; useless ones have about 0 and, for informativeness, chance.

    A factor of one value is left out and named in the protocol. A constant code has no
    importance. If nothing is important, the first two are 0. Of a single code, a factor
    that it is important for is complete.

    Args:
        codes: Array of shape (n, latent_dim), at least 3 rows, 8 for `"lasso"`.
        factors: Array of shape (n, factors): the value of each factor, at least two
            that vary.
        regressor: What predicts. `"forest"`: 20 trees that look at every code in each
            split, with at least 1 % of the rows in a leaf; `"boosting"`: gradient
            boosting as it stands in scikit-learn, which disentanglement_lib takes: a
            hundred times slower; `"lasso"`: linear, its penalty chosen among 5 folds,
            of standardised codes, with R² for all factors, whose values must be in an
            order. Defaults to `"forest"`.
        train_size: At most so many rows, and at most two thirds, are for training.
            Defaults to 10000.
        test_size: At most so many of the others are for testing. Defaults to 5000.
        continuous_factors: Columns of `factors` that are continuous. Defaults to
            `None`: those that hold other numbers than integers.
        factor_names: One name for each factor, for the protocol. Defaults to `None`:
            the numbers of the columns.
        resamples: Resamples of the rows for the interval of the disentanglement, 0 for
            none; each costs as much as the score. Defaults to 0.
        seed: Seed of the split, the trees and the resamples. Defaults to 0.

    Returns:
        The three; the protocol has the `importances`, a list for each code of one
        number a factor, and each factor's informativeness in `by_factor`.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, fewer than two factors
            vary, or `regressor` is none of the three.

    Source: Eastwood and Williams 2018, "A framework for the quantitative evaluation of
    disentangled representations", section 2; the weights of Locatello et al. 2019.

    >>> import numpy as np
    >>> factors = np.random.default_rng(0).integers(0, 3, (300, 2))
    >>> score = dci(factors, factors)
    >>> round(score.disentanglement, 6), round(score.completeness, 6)
    (1.0, 1.0)
    >>> score.informativeness, float(score) == score.disentanglement
    (1.0, True)
    """
    import sklearn

    check_resamples(resamples)
    seed = checked_seed(seed)
    check_choice("regressor", regressor, _REGRESSORS)
    # Five folds need five rows for training.
    least_rows = 8 if regressor == "lasso" else 3
    data = factor_data(
        codes, factors, continuous_factors, factor_names, 20, 2, least_rows
    )
    train, test = split_rows(data, train_size, test_size, seed, least_factors=2)
    if regressor == "lasso" and len(train.codes) < _FOLDS:
        raise ValueError(
            f"`train_size` must be at least {_FOLDS} for the regressor 'lasso'. "
            f"Received: train_size={train_size}"
        )
    importances, informativeness = _predicted(train, test, regressor, seed)
    protocol = {
        "measure": "disentanglement, completeness, informativeness",
        "regressor": f"{regressor}: {_REGRESSORS[regressor][1]}",
        "informativeness": "test accuracy; R², at least 0, where the regressor is one",
        "scikit-learn": sklearn.__version__,
        **train.protocol,
        "importances": importances.tolist(),
        "by_factor": train.by_factor(informativeness),
        **interval_protocol(resamples, seed),
    }

    def measure(train: FactorData, test: FactorData) -> float:
        return concentration(_predicted(train, test, regressor, seed)[0])

    return DCIScore(
        value=concentration(importances),
        protocol=protocol,
        interval=bootstrap_interval(
            measure, train, test, resamples=resamples, seed=seed
        ),
        disentanglement=concentration(importances),
        completeness=concentration(importances.T),
        informativeness=float(informativeness.mean()),
    )


def concentration(importances: np.ndarray) -> float:
    """How near each row is to having all its importance in one column.

    Args:
        importances: float64 of shape (rows, columns), at least 0.

    Returns:
        1 less the entropy of a row's shares in base `columns`, the mean weighted by the
        rows' sums; 0 if all are 0, and 1 where a row of importance has one column.
    """
    sums = importances.sum(axis=1)
    if not sums.any():
        return 0.0
    important = importances[sums > 0]
    shares = important / important.sum(axis=1, keepdims=True)
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    base = np.log(importances.shape[1]) or 1.0
    entropies = -(shares * logarithms).sum(axis=1) / base
    return float(np.average(1 - entropies, weights=important.sum(axis=1)))


def _predicted(
    train: FactorData, test: FactorData, regressor: str, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Importances of shape (latent_dim, factors), and the factors' informativeness."""
    make = _REGRESSORS[regressor][0]
    # Trees compute in float32, in which codes far from 0 or near it would be equal.
    mean, deviation = train.codes.mean(axis=0), train.codes.std(axis=0)
    deviation[deviation == 0] = 1.0
    codes, others = ((part.codes - mean) / deviation for part in (train, test))
    importances = np.empty((train.codes.shape[1], len(train.names)))
    informativeness = np.empty(len(train.names))
    for factor, is_continuous in enumerate(train.is_continuous):
        classifies = not is_continuous and regressor != "lasso"
        of = "values" if classifies else "factors"
        true, aim = getattr(test, of)[:, factor], getattr(train, of)[:, factor]
        model = make(classifies, seed).fit(codes, aim)
        importances[:, factor] = _importances(model)
        predicted = model.predict(others)
        if classifies:
            informativeness[factor] = np.mean(predicted == true)
        else:
            informativeness[factor] = coefficient_of_determination(true, predicted)
    return importances, informativeness


def _importances(model: Any) -> np.ndarray:
    if hasattr(model, "feature_importances_"):
        return model.feature_importances_
    return np.abs(model[-1].coef_)


def _forest(classifies: bool, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    # A split that doesn't see every code takes useless ones; so does one that has few
    # rows to go by.
    kind = RandomForestClassifier if classifies else RandomForestRegressor
    return kind(
        n_estimators=20,
        max_features=None,
        min_samples_leaf=0.01,
        random_state=seed % 2**32,
        n_jobs=-1,
    )


def _boosting(classifies: bool, seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    kind = GradientBoostingClassifier if classifies else GradientBoostingRegressor
    return kind(random_state=seed % 2**32)


def _lasso(classifies: bool, seed: int) -> Any:
    from sklearn.linear_model import LassoCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), LassoCV(cv=_FOLDS, random_state=seed % 2**32)
    )


_REGRESSORS: dict[str, tuple[Callable[[bool, int], Any], str]] = {
    "forest": (_forest, "20 trees, every code in each split, 1 % of the rows a leaf"),
    "boosting": (_boosting, "GradientBoosting of scikit-learn, its defaults"),
    "lasso": (_lasso, "LassoCV of scikit-learn, 5 folds, standardised codes"),
}
