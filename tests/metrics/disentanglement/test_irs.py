import numpy as np
import pytest

from keras_latent.metrics.disentanglement import irs
from tests.metrics import known_codes

FACTORS = known_codes.factors(repeats=4)


def test_equals_the_deviations_one_by_one():
    codes = known_codes.noisy(FACTORS)
    greatest = np.abs(codes - codes.mean(axis=0)).max(axis=0)
    scores = []
    for j in range(4):
        moved = []
        for k in range(3):
            of_values = []
            for value in np.unique(FACTORS[:, k]):
                rows = codes[FACTORS[:, k] == value, j]
                of_values.append(np.percentile(np.abs(rows - rows.mean()), 99))
            moved.append(np.mean(of_values) / greatest[j])
        scores.append(1 - min(moved))

    score = irs(codes, FACTORS)

    assert float(score) == pytest.approx(np.average(scores, weights=greatest), abs=1e-9)
    assert score.protocol["by_code"] == pytest.approx(scores, abs=1e-9)


@pytest.mark.parametrize("quantile", [0.99, 1])
@pytest.mark.parametrize("codes", [known_codes.perfect, known_codes.duplicated])
def test_codes_of_one_factor_each_have_one(codes, quantile):
    assert float(irs(codes(FACTORS), FACTORS, quantile)) == pytest.approx(1, abs=1e-9)


def test_useless_codes_are_at_the_level_of_shuffled_rows():
    score = irs(known_codes.useless(FACTORS), FACTORS)

    assert float(score) == pytest.approx(score.protocol["chance"], abs=0.1)
    assert float(irs(known_codes.rotated(FACTORS), FACTORS)) < 0.6


def test_constant_codes_have_no_weight():
    perfect = known_codes.perfect(FACTORS)

    assert float(irs(np.column_stack([perfect, np.ones(len(perfect))]), FACTORS)) == 1
    assert float(irs(np.full((len(perfect), 2), 0.1), FACTORS)) == 0


def test_values_of_one_row_tell_nothing():
    codes = np.random.default_rng(0).normal(size=(50, 2))

    assert float(irs(codes, np.arange(50))) == 0


def test_a_quantile_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match=r"`quantile` .* Received: quantile=99"):
        irs(FACTORS, FACTORS, 99)
