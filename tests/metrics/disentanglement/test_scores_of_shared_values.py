"""`factor_vae_score` and `beta_vae_score`, which draw rows that share a value."""

import numpy as np
import pytest

from keras_latent.metrics.disentanglement import beta_vae_score, factor_vae_score
from keras_latent.metrics.disentanglement.rows_by_value import RowsByValue
from tests.metrics import known_codes

FACTORS = known_codes.factors(repeats=4)
SMALL = {"train_votes": 1000, "test_votes": 500}
SMALL_POINTS = {"train_points": 1000, "test_points": 500}


def test_drawn_rows_share_the_value_and_differ():
    missing = FACTORS[(FACTORS[:, 0] != 1) | (FACTORS[:, 2] == 3)]
    missing = np.vstack([missing, [[0, 9, 0]]])  # a value of one row
    values = np.stack([np.unique(v, return_inverse=True)[1] for v in missing.T], axis=1)
    lists = RowsByValue.of(values)

    factors, first, second = lists.draw(600, 8, np.random.default_rng(0))

    assert (first != second).all()
    for factor, one, other in zip(factors, first, second, strict=True):
        shared = values[one, factor]
        assert (shared == shared[0]).all()
        assert (values[other, factor] == shared[0]).all()
        assert factor != 1 or shared[0] != 4
    for factor, count in enumerate((3, 4, 5)):
        values_drawn = values[first[factors == factor, 0], factor]
        counts = np.bincount(values_drawn, minlength=count)
        assert counts.min() > 0.6 * counts.mean()


def test_factor_vae_score_equals_votes_one_by_one():
    codes = known_codes.noisy(FACTORS)
    lists = RowsByValue.of(FACTORS)
    factors, rows, _ = lists.draw(1500, 64, np.random.default_rng(0))
    variances = codes.var(axis=0, ddof=1)
    votes = [np.argmin(codes[r].var(axis=0, ddof=1) / variances) for r in rows]
    table = np.zeros((4, 3))
    for vote, factor in zip(votes[:1000], factors[:1000], strict=True):
        table[vote, factor] += 1
    right = [
        table[vote].argmax() == factor
        for vote, factor in zip(votes[1000:], factors[1000:], strict=True)
    ]

    score = factor_vae_score(codes, FACTORS, **SMALL)

    assert float(score) == pytest.approx(np.mean(right), abs=1e-9)
    assert 0.4 < float(score) < 1


def test_beta_vae_score_equals_scikit_learn_on_the_pairs():
    from sklearn.linear_model import LogisticRegression

    codes = known_codes.noisy(FACTORS)
    lists = RowsByValue.of(FACTORS)
    factors, one, other = lists.draw(1500, 64, np.random.default_rng(0))
    points = np.abs(codes[one] - codes[other]).mean(axis=1)
    regression = LogisticRegression(max_iter=1000).fit(points[:1000], factors[:1000])
    expected = regression.score(points[1000:], factors[1000:])

    score = beta_vae_score(codes, FACTORS, **SMALL_POINTS)

    assert float(score) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("codes", [known_codes.perfect, known_codes.duplicated])
def test_codes_of_one_factor_each_have_one(codes):
    assert float(factor_vae_score(codes(FACTORS), FACTORS, **SMALL)) == 1
    assert float(beta_vae_score(codes(FACTORS), FACTORS, **SMALL_POINTS)) == 1


def test_useless_codes_are_at_chance():
    large = known_codes.factors(repeats=50)
    useless = known_codes.useless(large)

    vote = factor_vae_score(useless, large, **SMALL)
    linear = beta_vae_score(useless, large, **SMALL_POINTS)

    assert float(linear) == pytest.approx(linear.protocol["chance"], abs=0.07)
    assert vote.protocol["chance"] == pytest.approx(1 / 3)
    assert 0.28 < float(vote) < 0.5


def test_rotated_codes_lose_votes_but_not_the_lenient_score():
    rotated = known_codes.rotated(FACTORS)

    assert float(factor_vae_score(rotated, FACTORS, **SMALL)) < 1
    assert float(beta_vae_score(rotated, FACTORS, **SMALL_POINTS)) > 0.8


def test_unused_codes_have_no_vote():
    perfect = known_codes.perfect(FACTORS)
    codes = np.column_stack([perfect, 1e-4 * perfect[:, 0], np.ones(len(perfect))])

    score = factor_vae_score(codes, FACTORS, **SMALL)

    assert score.protocol["unused_codes"] == [3, 4]
    assert float(score) == 1
    assert float(factor_vae_score(np.ones((len(perfect), 2)), FACTORS, **SMALL)) == 0


def test_constant_codes_are_at_chance_linearly():
    score = beta_vae_score(np.ones((len(FACTORS), 2)), FACTORS, **SMALL_POINTS)

    assert float(score) == pytest.approx(1 / 3, abs=0.07)


@pytest.mark.parametrize("metric", [factor_vae_score, beta_vae_score])
def test_factors_that_share_no_value_are_left_out(metric):
    factors = np.column_stack([FACTORS, np.arange(len(FACTORS))])

    score = metric(FACTORS, factors)

    assert score.protocol["excluded_factors"] == ["3"]
    assert score.protocol["factors"] == ["0", "1", "2"]
    with pytest.raises(ValueError, match="at least 2 factors"):
        metric(FACTORS, factors[:, 2:])


def test_a_batch_of_one_doesnt_vary():
    with pytest.raises(ValueError, match=r"`batch_size` .* Received: batch_size=1"):
        factor_vae_score(FACTORS, FACTORS, batch_size=1)
