import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from keras_latent.metrics.disentanglement import infomec
from keras_latent.metrics.disentanglement.infomec import stretched_share
from keras_latent.metrics.disentanglement.information import neighbour_information
from tests.metrics import known_codes

FACTORS = known_codes.factors(repeats=5)


def test_equals_the_formulas():
    codes = known_codes.noisy(FACTORS)
    sizes = (3, 4, 5)
    shares = np.array(
        [
            [
                neighbour_information(c, f, 10) / np.log(n)
                for f, n in zip(FACTORS.T, sizes, strict=True)
            ]
            for c in codes.T
        ]
    )
    modularity = np.mean([max(row) / sum(row) for row in shares])
    compactness = np.mean([max(column) / sum(column) for column in shares.T])
    scaled = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    saved = []
    for factor, n in zip(FACTORS.T, sizes, strict=True):
        regression = LogisticRegression(C=np.inf, max_iter=1000).fit(scaled, factor)
        likely = regression.predict_proba(scaled)[np.arange(len(codes)), factor]
        saved.append(1 + np.log(likely).mean() / np.log(n))

    score = infomec(codes, FACTORS)

    assert score.modularity == pytest.approx((modularity - 1 / 3) * 3 / 2, abs=1e-9)
    assert score.compactness == pytest.approx((compactness - 1 / 4) * 4 / 3, abs=1e-9)
    assert score.explicitness == pytest.approx(np.mean(saved), abs=1e-6)
    assert float(score) == score.modularity


def test_perfect_codes_have_one():
    score = infomec(-FACTORS, FACTORS)

    assert score.protocol["codes_by_counts"] == [0, 1, 2]
    assert score.modularity == pytest.approx(1, abs=1e-9)
    assert score.compactness == pytest.approx(1, abs=1e-9)


def test_explicitness_is_one_where_each_value_has_a_code():
    codes = np.concatenate(
        [np.eye(n)[FACTORS[:, k]] for k, n in enumerate((3, 4, 5))], 1
    )

    assert infomec(codes, FACTORS).explicitness == pytest.approx(1, abs=1e-3)


def test_copies_are_modular_and_not_compact():
    score = infomec(np.concatenate([FACTORS, -FACTORS], axis=1), FACTORS)

    assert score.modularity == pytest.approx(1, abs=1e-9)
    assert score.compactness == pytest.approx((1 / 2 - 1 / 6) * 6 / 5, abs=1e-9)


def test_useless_codes_tell_nothing():
    large = known_codes.factors(repeats=20)

    score = infomec(known_codes.useless(large), large)

    assert score.explicitness < 0.02
    chance = score.protocol["chance"]
    assert score.modularity == pytest.approx(chance["modularity"], abs=0.35)
    assert score.compactness == pytest.approx(chance["compactness"], abs=0.35)
    assert infomec(-large, large).protocol["chance"]["modularity"] < 0.7


def test_one_active_code_is_compact():
    codes = np.column_stack([FACTORS[:, 0], 1e-3 * FACTORS[:, 1]])

    score = infomec(codes, FACTORS)

    assert score.protocol["active_codes"] == [0]
    assert (score.modularity, score.compactness) == pytest.approx((1, 1), abs=1e-9)


def test_constant_codes_have_nothing():
    score = infomec(np.ones((len(FACTORS), 2)), FACTORS)

    assert score.protocol["active_codes"] == []
    assert (score.modularity, score.compactness) == (0, 0)
    assert score.explicitness == pytest.approx(0, abs=1e-6)


def test_continuous_factors_are_told_by_a_line():
    factors = np.random.default_rng(0).uniform(size=(500, 2))

    score = infomec(2 * factors, factors)

    assert score.explicitness == pytest.approx(1, abs=1e-9)
    assert score.modularity > 0.8


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        (np.ones((2, 4)), 0),
        (np.eye(3), 1),
        (np.zeros((2, 3)), 0),
        (np.zeros((0, 3)), 0),
        (np.zeros((3, 0)), 0),
        (np.zeros((3, 1)), 0),
        (np.ones((3, 1)), 1),
    ],
)
def test_stretched_shares(shares, expected):
    assert stretched_share(shares) == pytest.approx(expected, abs=1e-12)


def test_takes_at_most_so_many_rows():
    assert infomec(FACTORS, FACTORS, size=100).protocol["n"] == 100
