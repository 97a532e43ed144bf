import numpy as np
import pytest

from keras_latent.metrics.generation import kid
from keras_latent.metrics.generation.kid import squared_discrepancy

GENERATOR = np.random.default_rng(0)
REAL, GENERATED = GENERATOR.normal(size=(60, 3)), GENERATOR.normal(size=(50, 3)) + 0.3


def pair_by_pair(one, other):
    def kernel(x, y):
        return (np.dot(x, y) / len(x) + 1) ** 3

    def within(rows):
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j]
        return np.mean([kernel(rows[i], rows[j]) for i, j in pairs])

    between = np.mean([kernel(x, y) for x in one for y in other])
    return within(one) + within(other) - 2 * between


def test_equals_the_kernel_pair_by_pair():
    expected = pair_by_pair(REAL[:20], GENERATED[:20])

    assert squared_discrepancy(REAL[:20], GENERATED[:20]) == pytest.approx(
        expected, abs=1e-9
    )


def test_is_the_mean_over_subsets():
    score = kid(REAL, GENERATED, subsets=3, subset_size=10, seed=2)
    generator = np.random.default_rng(2)
    expected = []
    for _ in range(3):
        one = REAL[generator.choice(60, 10, replace=False)]
        expected.append(
            pair_by_pair(one, GENERATED[generator.choice(50, 10, replace=False)])
        )

    assert float(score) == pytest.approx(np.mean(expected), abs=1e-9)
    assert score.protocol["deviation"] == pytest.approx(np.std(expected, ddof=1))
    assert score.interval == pytest.approx(1.96 * np.std(expected, ddof=1) / np.sqrt(3))


def test_is_unbiased():
    """The mean of 200 draws of equal distributions is within its error of 0."""
    generator = np.random.default_rng(0)
    draws = [
        float(kid(*generator.normal(size=(2, 30, 3)), subsets=1, subset_size=30))
        for _ in range(200)
    ]

    error = np.std(draws, ddof=1) / np.sqrt(200)
    assert abs(np.mean(draws)) < 2 * error
    assert min(draws) < 0 < max(draws)


def test_the_floor_is_near_nothing():
    protocol = kid(REAL, REAL + 2, subsets=20, subset_size=20).protocol

    assert abs(protocol["floor"]) < 0.3
    assert protocol["expected_floor"] == 0


def test_a_floor_that_halves_cannot_give():
    assert kid(REAL, GENERATED, subset_size=50).protocol["floor"] is None


def test_one_subset_has_no_interval():
    assert kid(REAL, GENERATED, subsets=1, subset_size=9).interval is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"`subset_size` must be at most .* 50\. Received: subset_size=1000"),
        ({"subset_size": 1}, r"`subset_size` .* Received: subset_size=1"),
        ({"subsets": 0}, r"`subsets` must be a positive integer"),
    ],
)
def test_bad_subsets_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        kid(REAL, GENERATED, **arguments)
