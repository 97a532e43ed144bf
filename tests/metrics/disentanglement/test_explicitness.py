import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.metrics import roc_auc_score

from keras_latent.metrics.disentanglement import explicitness
from tests.metrics import known_codes

FACTORS = known_codes.factors(repeats=6)


def test_equals_a_regression_minimised_by_hand():
    codes, factors = known_codes.noisy(FACTORS), FACTORS[:, 1]
    order = np.random.default_rng(0).permutation(len(codes))
    train, test = order[: 2 * len(codes) // 3], order[2 * len(codes) // 3 :]
    scaled = (codes - codes[train].mean(axis=0)) / codes[train].std(axis=0)

    def loss(flat):
        weights, offsets = flat[:16].reshape(4, 4), flat[16:]
        logits = log_softmax(scaled[train] @ weights + offsets, axis=1)
        fit = -logits[np.arange(len(train)), factors[train]].sum()
        return fit + 0.5 * np.square(weights).sum()

    flat = minimize(loss, np.zeros(20), tol=1e-9).x
    logits = scaled[test] @ flat[:16].reshape(4, 4) + flat[16:]
    expected = [roc_auc_score(factors[test] == v, logits[:, v]) for v in range(4)]

    found = float(explicitness(codes, factors))

    assert found == pytest.approx(np.mean(expected), abs=2e-3)
    assert 0.55 < found < 0.95


def test_is_one_where_each_value_has_a_code():
    codes = np.concatenate(
        [np.eye(n)[FACTORS[:, k]] for k, n in enumerate((3, 4, 5))], 1
    )

    assert float(explicitness(codes, FACTORS)) == pytest.approx(1, abs=1e-9)


def test_useless_codes_are_at_chance():
    factors = known_codes.factors(repeats=50)

    score = explicitness(known_codes.useless(factors), factors)

    assert float(score) == pytest.approx(score.protocol["chance"], abs=0.04)


def test_rotation_doesnt_matter():
    codes = known_codes.rotated(FACTORS)

    straight = float(explicitness(FACTORS, FACTORS))
    # The penalty on the weights sees the standardisation of each code.
    assert float(explicitness(codes, FACTORS)) == pytest.approx(straight, abs=0.02)


def test_continuous_factors_are_put_in_order():
    factors = np.random.default_rng(0).uniform(size=(600, 2))
    noise = np.random.default_rng(1).normal(size=(600, 2))

    assert float(explicitness(factors, factors)) == pytest.approx(1, abs=1e-9)
    assert float(explicitness(noise, factors)) == pytest.approx(0.5, abs=0.06)


def test_pairs_in_order_are_counted():
    generator = np.random.default_rng(0)
    factor = generator.uniform(size=90)
    code = factor + 0.3 * generator.normal(size=90)
    test = np.random.default_rng(0).permutation(90)[60:]
    pairs = [(i, j) for i in test for j in test if factor[i] < factor[j]]

    found = float(explicitness(code[:, None], factor))

    assert found == pytest.approx(np.mean([code[i] < code[j] for i, j in pairs]))
