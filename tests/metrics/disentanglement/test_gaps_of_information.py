"""`mig`, `mig_sup` and `modularity` against tables of joint frequencies."""

import numpy as np
import pytest

from keras_latent.metrics.disentanglement import mig, mig_sup, modularity
from tests.metrics import known_codes

FACTORS = known_codes.factors()
NOISY = known_codes.noisy(FACTORS)


def information(codes, factors, bins):
    """Mutual information (codes, factors), and entropies, by histograms."""
    table = np.empty((codes.shape[1], factors.shape[1]))
    entropies = []
    for k, factor in enumerate(factors.T):
        values, counts = np.unique(factor, return_counts=True)
        shares = counts / len(factor)
        entropies.append(-np.sum(shares * np.log(shares)))
        for j, code in enumerate(codes.T):
            edges = np.linspace(code.min(), code.max(), bins + 1)
            joint = np.stack(
                [np.histogram(code[factor == v], edges)[0] for v in values], axis=1
            )
            joint = joint / joint.sum()
            product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
            there = joint > 0
            table[j, k] = np.sum(joint[there] * np.log(joint[there] / product[there]))
    return table, np.array(entropies)


@pytest.mark.parametrize("bins", [7, 20])
def test_mig_equals_the_tables(bins):
    table, entropies = information(NOISY, FACTORS, bins)
    ordered = np.sort(table, axis=0)
    expected = (ordered[-1] - ordered[-2]) / entropies

    score = mig(NOISY, FACTORS, bins)

    assert float(score) == pytest.approx(expected.mean(), abs=1e-9)
    assert list(score.protocol["by_factor"].values()) == pytest.approx(expected)
    assert 0.01 < float(score) < 0.5


def test_mig_sup_equals_the_tables():
    table, entropies = information(NOISY, FACTORS, 20)
    ordered = np.sort(table / entropies, axis=1)
    expected = ordered[:, -1] - ordered[:, -2]

    score = mig_sup(NOISY, FACTORS)

    assert float(score) == pytest.approx(expected.mean(), abs=1e-9)
    assert score.protocol["by_code"] == pytest.approx(expected)


def test_modularity_equals_the_tables():
    table, _ = information(NOISY, FACTORS, 20)
    expected = []
    for row in table:
        best = row.argmax()
        template = np.where(np.arange(3) == best, row[best], 0)
        expected.append(1 - np.sum((row - template) ** 2) / (row[best] ** 2 * 2))

    score = modularity(NOISY, FACTORS)

    assert float(score) == pytest.approx(np.mean(expected), abs=1e-9)
    assert score.protocol["by_code"] == pytest.approx(expected)


def test_useless_codes_have_the_bias_of_the_estimate():
    useless = known_codes.useless(FACTORS)

    assert float(mig(useless, FACTORS)) < 0.02
    assert float(mig_sup(useless, FACTORS)) < 0.04


def test_modularity_of_useless_codes_is_that_of_shuffled_rows():
    score = modularity(known_codes.useless(FACTORS), FACTORS)

    assert float(score) == pytest.approx(score.protocol["chance"], abs=0.2)
    assert modularity(known_codes.perfect(FACTORS), FACTORS).protocol["chance"] < 0.9


def test_copies_have_no_gap_between_codes_but_one_between_factors():
    copies = known_codes.duplicated(FACTORS)

    assert float(mig(copies, FACTORS)) == 0.0
    assert float(mig_sup(copies, FACTORS)) == pytest.approx(1, abs=1e-9)
    assert float(modularity(copies, FACTORS)) == pytest.approx(1, abs=1e-9)


def test_rotated_codes_score_low():
    rotated = known_codes.rotated(FACTORS)

    assert float(mig(rotated, FACTORS)) < 0.3
    assert float(mig_sup(rotated, FACTORS)) < 0.3
    assert float(modularity(rotated, FACTORS)) < 0.95


def test_one_code_has_the_gap_to_nothing():
    score = mig(FACTORS[:, :1], FACTORS)

    assert score.protocol["by_factor"] == pytest.approx({"0": 1, "1": 0, "2": 0})


def test_one_factor_has_the_gap_to_nothing():
    assert float(mig_sup(FACTORS[:, :1], FACTORS[:, 0])) == pytest.approx(1)


def test_a_constant_code_counts_with_nothing_and_is_named():
    codes = np.column_stack([known_codes.perfect(FACTORS), np.full(len(FACTORS), 7.0)])

    for metric, expected in ((mig, 1), (mig_sup, 0.75), (modularity, 0.75)):
        score = metric(codes, FACTORS)
        assert float(score) == pytest.approx(expected, abs=1e-9)
        assert score.protocol["constant_codes"] == [3]


def test_continuous_factors_are_cut_into_bins():
    factors = np.random.default_rng(0).uniform(size=(20000, 2))

    score = mig(factors, factors)

    assert float(score) == pytest.approx(1, abs=0.02)
    assert score.protocol["continuous_factors"] == ["0", "1"]


def test_columns_of_fractions_can_be_discrete():
    factors = FACTORS / 10

    discrete = mig(NOISY, factors, continuous_factors=())

    assert discrete.protocol["continuous_factors"] == []
    assert float(discrete) == float(mig(NOISY, FACTORS))


@pytest.mark.parametrize("metric", [mig, mig_sup, modularity])
def test_fewer_rows_than_bins_are_refused(metric):
    with pytest.raises(ValueError, match=r"`bins` .* rows, 12\. Received: bins=20"):
        metric(NOISY[:12], FACTORS[:12])


def test_modularity_needs_two_factors():
    with pytest.raises(ValueError, match=r"at least 2 factors .* which 1 can"):
        modularity(NOISY, FACTORS[:, 0])
