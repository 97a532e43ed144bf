import numpy as np
import pytest
from sklearn.svm import LinearSVC

from keras_latent.metrics.disentanglement import sap
from tests.metrics import known_codes

FACTORS = known_codes.factors(repeats=6)


def test_equals_machines_code_by_code():
    codes = known_codes.noisy(FACTORS)
    order = np.random.default_rng(0).permutation(len(codes))
    train, test = order[: 2 * len(codes) // 3], order[2 * len(codes) // 3 :]
    expected = []
    for factor in FACTORS.T:
        accuracies = []
        for code in codes.T:
            machine = LinearSVC(C=0.01, class_weight="balanced", random_state=0)
            machine.fit(code[train, None], factor[train])
            accuracies.append(
                np.mean(machine.predict(code[test, None]) == factor[test])
            )
        accuracies.sort()
        expected.append(accuracies[-1] - accuracies[-2])

    assert float(sap(codes, FACTORS)) == pytest.approx(np.mean(expected), abs=1e-6)


def test_equals_squared_correlations_of_continuous_factors():
    generator = np.random.default_rng(0)
    factors = generator.normal(size=(200, 2))
    codes = factors @ generator.normal(size=(2, 3)) + generator.normal(size=(200, 3))
    train = np.random.default_rng(0).permutation(200)[:133]
    squares = np.corrcoef(codes[train].T, factors[train].T)[:3, 3:] ** 2
    squares.sort(axis=0)

    found = float(sap(codes, factors))

    assert found == pytest.approx((squares[-1] - squares[-2]).mean(), abs=1e-9)


def test_perfect_codes_reach_the_ceiling_of_two_values():
    factors = np.random.default_rng(0).integers(0, 2, (900, 3))

    score = sap(2.0 * factors - 1, factors)

    assert score.protocol["ceiling"] == {"0": 0.5, "1": 0.5, "2": 0.5}
    assert float(score) == pytest.approx(0.5, abs=0.06)


def test_perfect_codes_of_continuous_factors_have_one():
    factors = np.random.default_rng(0).normal(size=(3000, 2))

    assert float(sap(-3 * factors, factors)) == pytest.approx(1, abs=0.01)


def test_useless_and_copied_codes_have_no_gap():
    assert float(sap(known_codes.useless(FACTORS), FACTORS)) < 0.08
    assert float(sap(known_codes.duplicated(FACTORS), FACTORS)) == 0


def test_a_constant_code_doesnt_correlate():
    factors = np.random.default_rng(0).normal(size=(90, 1))

    score = sap(np.column_stack([factors, np.ones(90)]), factors)

    assert float(score) == pytest.approx(1, abs=1e-9)
