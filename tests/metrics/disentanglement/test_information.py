import numpy as np
import pytest
from scipy.special import digamma

from keras_latent.metrics.disentanglement.information import (
    discrete_information,
    entropies,
    in_equal_bins,
    neighbour_information,
)


def test_bins_are_equal_and_hold_the_ends():
    column = np.array([0.0, 0.24, 0.26, 0.5, 0.99, 1.0])[:, None]

    assert in_equal_bins(column, 4)[:, 0].tolist() == [0, 0, 1, 2, 3, 3]


def test_a_constant_column_is_in_one_bin():
    assert not in_equal_bins(np.full((5, 1), 7.3), 20).any()


def test_numbers_without_any_between_them_have_a_bin_each():
    column = 1 + np.spacing(1.0) * np.array([2.0, 0.0, 1.0, 0.0])[:, None]

    assert in_equal_bins(column, 20)[:, 0].tolist() == [2, 0, 1, 0]
    assert in_equal_bins(column, 2)[:, 0].tolist() == [1, 0, 1, 0]


def test_entropy_of_a_uniform_column():
    assert entropies(np.arange(8)[:, None]) == pytest.approx(np.log(8), abs=1e-12)


def test_discrete_information_equals_the_sum_over_the_joint_table():
    generator = np.random.default_rng(0)
    codes, values = (
        generator.integers(0, 5, (400, 3)),
        generator.integers(0, 4, (400, 2)),
    )
    codes[:, 0] = (codes[:, 0] + values[:, 1]) % 5

    for j in range(3):
        for k in range(2):
            total = 0.0
            for a in range(5):
                for b in range(4):
                    p = np.mean((codes[:, j] == a) & (values[:, k] == b))
                    q = np.mean(codes[:, j] == a) * np.mean(values[:, k] == b)
                    total += p * np.log(p / q) if p else 0.0
            found = discrete_information(codes, values)[j, k]
            assert found == pytest.approx(total, abs=1e-9)


def test_bias_of_independent_columns():
    generator = np.random.default_rng(0)
    codes, values = (generator.integers(0, n, (10000, 8)) for n in (20, 32))

    bias = discrete_information(codes, values).mean()

    assert bias == pytest.approx(19 * 31 / 20000, rel=0.05)


def by_neighbours(code, values, k):
    """Ross's estimate, point by point."""
    kept = [i for i in range(len(code)) if np.sum(values == values[i]) > 1]
    terms = []
    for i in kept:
        same = [j for j in kept if values[j] == values[i] and j != i]
        distances = sorted(abs(code[j] - code[i]) for j in same)
        nearest = min(k, len(same))
        within = sum(abs(code[j] - code[i]) < distances[nearest - 1] for j in kept)
        m = max(within, nearest)
        terms.append(digamma(nearest) - digamma(len(same) + 1) - digamma(m))
    return max(0.0, digamma(len(kept)) + np.mean(terms))


@pytest.mark.parametrize("k", [1, 3, 10])
def test_neighbour_information_equals_point_by_point(k):
    generator = np.random.default_rng(0)
    values = generator.integers(0, 4, 120)
    values[:2] = [7, 8]  # alone with their value
    values[2:5] = 9  # fewer than k neighbours
    code = values + generator.normal(size=120)

    expected = by_neighbours(code, values, k)

    assert expected > 0.1
    assert neighbour_information(code, values, k) == pytest.approx(expected, abs=1e-9)


def test_neighbour_information_equals_scikit_learn():
    from sklearn.feature_selection import mutual_info_classif

    generator = np.random.default_rng(0)
    values = generator.integers(0, 4, 500)
    code = values + generator.normal(size=500)

    expected = mutual_info_classif(code[:, None], values, n_neighbors=10)[0]

    # It adds noise of 1e-10.
    assert neighbour_information(code, values, 10) == pytest.approx(expected, abs=1e-3)


def test_neighbour_information_of_gaussians_is_near_the_integral():
    generator = np.random.default_rng(0)
    values = generator.integers(0, 2, 20000)
    code = 2 * values + generator.normal(size=20000)
    grid = np.linspace(-8, 10, 20001)
    one, two = (np.exp(-((grid - m) ** 2) / 2) / np.sqrt(2 * np.pi) for m in (0, 2))
    both = (one + two) / 2
    kept = both > 1e-30
    entropy = -np.trapezoid(both[kept] * np.log(both[kept]), grid[kept])
    expected = entropy - 0.5 * np.log(2 * np.pi * np.e)

    assert neighbour_information(code, values, 10) == pytest.approx(expected, abs=0.02)


def test_coinciding_points_tell_what_they_tell():
    values = np.repeat([0, 1], 500)

    found = neighbour_information(values.astype("float64"), values, 3)

    assert found == pytest.approx(np.log(2), abs=0.01)


def test_a_constant_code_tells_nothing():
    assert neighbour_information(np.zeros(100), np.arange(100) % 3, 3) < 0.02


def test_values_that_are_all_alone_tell_nothing():
    assert neighbour_information(np.arange(9.0), np.arange(9), 3) == 0.0


def test_points_that_coincide_here_and_there():
    generator = np.random.default_rng(0)
    values = generator.integers(0, 3, 200)
    code = np.round(values + generator.normal(size=200), 1)

    found = neighbour_information(code, values, 10)

    assert found == pytest.approx(by_neighbours(code, values, 10), abs=1e-9)


def test_does_not_depend_on_where_codes_lie():
    generator = np.random.default_rng(0)
    values = generator.integers(0, 3, 300)
    code = values + generator.normal(size=300)

    found = neighbour_information(-3 * code + 1e4, values, 5)

    assert found == pytest.approx(neighbour_information(code, values, 5), abs=1e-9)
