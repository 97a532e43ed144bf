import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from keras_latent.metrics.disentanglement import dci
from keras_latent.metrics.disentanglement.dci import concentration
from tests.metrics import known_codes

FACTORS = known_codes.factors(repeats=10)
LARGE = known_codes.factors(repeats=50)


def entropy_of(row, base):
    shares = np.array(row) / np.sum(row)
    return -sum(p * np.log(p) / np.log(base) for p in shares if p > 0)


def test_concentration_equals_the_entropies():
    importances = np.random.default_rng(0).uniform(size=(5, 3)) ** 4

    expected = sum(row.sum() * (1 - entropy_of(row, 3)) for row in importances)
    expected /= importances.sum()

    assert concentration(importances) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("importances", "expected"),
    [
        (np.eye(4), 1),
        (np.ones((4, 3)), 0),
        (np.zeros((4, 3)), 0),
        (np.vstack([np.eye(3), np.zeros((2, 3))]), 1),
        (np.ones((4, 1)), 1),
        (np.hstack([np.eye(3), np.eye(3)]), 1 - np.log(2) / np.log(6)),
    ],
)
def test_concentration_of_known_importances(importances, expected):
    assert concentration(importances) == pytest.approx(expected, abs=1e-12)


def test_importances_give_the_numbers():
    score = dci(known_codes.noisy(FACTORS), FACTORS)
    importances = np.array(score.protocol["importances"])

    assert float(score) == score.disentanglement == concentration(importances)
    assert score.completeness == concentration(importances.T)
    by_factor = list(score.protocol["by_factor"].values())
    assert score.informativeness == pytest.approx(np.mean(by_factor))


@pytest.mark.all
def test_boosting_equals_disentanglement_lib_on_the_same_rows():
    codes = known_codes.noisy(FACTORS[:150])
    factors = FACTORS[:150]
    order = np.random.default_rng(0).permutation(150)
    train, test = order[:100], order[100:]
    importances, accuracies = np.zeros((4, 3)), []
    for k in range(3):
        model = GradientBoostingClassifier(random_state=0)
        model.fit(codes[train], factors[train, k])
        importances[:, k] = np.abs(model.feature_importances_)
        accuracies.append(np.mean(model.predict(codes[test]) == factors[test, k]))
    # It adds 1e-11 to keep logarithms finite.
    rows, columns = importances + 1e-11, importances.T + 1e-11
    disentanglement = np.array([1 - entropy_of(row, 3) for row in rows])
    completeness = np.array([1 - entropy_of(row, 4) for row in columns])

    score = dci(codes, factors, "boosting")

    weights = importances.sum(axis=1) / importances.sum()
    expected = float((disentanglement * weights).sum())
    assert score.disentanglement == pytest.approx(expected, abs=1e-6)
    assert score.completeness == pytest.approx(completeness.mean(), abs=1e-6)
    assert score.informativeness == pytest.approx(np.mean(accuracies), abs=1e-12)


@pytest.mark.parametrize("regressor", ["forest", "lasso"])
def test_perfect_codes_have_one(regressor):
    score = dci(known_codes.perfect(FACTORS), FACTORS, regressor)

    numbers = (score.disentanglement, score.completeness, score.informativeness)
    # A lasso leaves what is correlated by chance.
    assert numbers == pytest.approx(
        (1, 1, 1), abs=1e-6 if regressor == "forest" else 0.1
    )


def test_useless_codes_are_at_chance():
    score = dci(known_codes.useless(LARGE), LARGE)

    assert score.disentanglement < 0.05
    assert score.completeness < 0.05
    assert score.informativeness == pytest.approx((1 / 3 + 1 / 4 + 1 / 5) / 3, abs=0.05)


def test_copies_are_disentangled_and_not_complete():
    """1 - log 2/log 6, if the trees choose evenly between a code and its copy."""
    score = dci(known_codes.duplicated(FACTORS), FACTORS)

    assert score.disentanglement == pytest.approx(1, abs=1e-6)
    assert score.completeness == pytest.approx(1 - np.log(2) / np.log(6), abs=0.1)


@pytest.mark.parametrize(
    "regressor", ["forest", pytest.param("boosting", marks=pytest.mark.all), "lasso"]
)
@pytest.mark.parametrize(("scale", "shift"), [(1e-7, 0.0), (1.0, 1e9), (1e8, -1e8)])
def test_neither_scale_nor_place_counts(regressor, scale, shift):
    codes = known_codes.noisy(FACTORS)
    arguments = {"factors": FACTORS, "regressor": regressor}
    expected = dci(codes, **arguments)
    score = dci(codes.astype("float64") * scale + shift, **arguments)
    # Where codes are so far away, float64 rounds them to 1e-7.
    assert float(score) == pytest.approx(float(expected), abs=1e-3)
    assert score.informativeness == pytest.approx(expected.informativeness, abs=1e-3)


def test_rotated_codes_score_low():
    assert float(dci(known_codes.rotated(FACTORS), FACTORS)) < 0.6


@pytest.mark.parametrize("regressor", ["forest", "boosting", "lasso"])
def test_continuous_factors(regressor):
    factors = np.random.default_rng(0).uniform(size=(300, 2))

    score = dci(factors, factors, regressor)

    assert score.disentanglement > 0.9
    assert score.informativeness > 0.95


def test_one_code_is_complete():
    score = dci(FACTORS[:, :1], FACTORS)

    assert score.completeness == 1
    assert 0 <= score.disentanglement <= 1


def test_constant_codes_have_no_importance():
    score = dci(np.ones((len(FACTORS), 2)), FACTORS)

    assert (score.disentanglement, score.completeness) == (0, 0)
    assert score.protocol["constant_codes"] == [0, 1]


def test_too_few_rows_for_the_folds_are_refused():
    with pytest.raises(ValueError, match=r"`codes` must hold at least 8 rows"):
        dci(FACTORS[:7], FACTORS[:7], "lasso")
    with pytest.raises(ValueError, match=r"`train_size` must be at least 5.*_size=4"):
        dci(FACTORS, FACTORS, "lasso", train_size=4)


def test_an_unknown_regressor_is_refused():
    with pytest.raises(ValueError, match=r"`regressor` .* Received: regressor='tree'"):
        dci(FACTORS, FACTORS, "tree")
