"""`precision_recall` and `density_coverage` against distances one by one."""

import numpy as np
import pytest

from keras_latent.metrics.generation import density_coverage, precision_recall
from keras_latent.metrics.generation import neighbourhoods as module
from keras_latent.metrics.generation.density_coverage import expected_coverage

GENERATOR = np.random.default_rng(0)
REAL = GENERATOR.normal(size=(70, 3))
GENERATED = 0.7 * GENERATOR.normal(size=(50, 3)) + 0.8


def inside(centres, points, k):
    """Booleans (centres, points): whether a point is in the ball of a centre."""
    result = np.empty((len(centres), len(points)), bool)
    for i, centre in enumerate(centres):
        others = np.delete(centres, i, axis=0)
        radius = np.sort(np.linalg.norm(others - centre, axis=1))[k - 1]
        result[i] = np.linalg.norm(points - centre, axis=1) <= radius
    return result


@pytest.mark.parametrize("rows_at_once", [16, 1024])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_equal_distances_one_by_one(monkeypatch, rows_at_once, k):
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", rows_at_once)
    in_real, in_generated = inside(REAL, GENERATED, k), inside(GENERATED, REAL, k)

    shares = precision_recall(REAL, GENERATED, k=k)
    numbers = density_coverage(REAL, GENERATED, k=k)

    assert shares.precision == pytest.approx(in_real.any(axis=0).mean(), abs=1e-12)
    assert shares.recall == pytest.approx(in_generated.any(axis=0).mean(), abs=1e-12)
    assert numbers.density == pytest.approx(in_real.sum() / (k * 50), abs=1e-12)
    assert numbers.coverage == pytest.approx(in_real.any(axis=1).mean(), abs=1e-12)
    assert 0 < shares.recall < shares.precision < 1
    assert float(shares) == shares.precision
    assert float(numbers) == numbers.density


def test_precision_is_of_the_generated_and_recall_of_the_real():
    typical = REAL[np.linalg.norm(REAL, axis=1) < 0.9]

    shares = precision_recall(REAL, typical)

    assert shares.precision == 1
    assert shares.recall < 0.7


def test_equal_distributions_have_density_1_and_coverage_0969():
    densities, coverages = [], []
    for seed in range(20):
        real, generated = np.random.default_rng(seed).normal(size=(2, 500, 3))
        numbers = density_coverage(real, generated, floor=False)
        densities.append(numbers.density)
        coverages.append(numbers.coverage)

    for numbers, expected in ((densities, 1), (coverages, 0.969)):
        error = np.std(numbers, ddof=1) / np.sqrt(20)
        assert np.mean(numbers) == pytest.approx(expected, abs=3 * error + 5e-4)


def test_expected_coverage_by_hand():
    assert expected_coverage(10000, 10000, 5) == pytest.approx(0.96875, abs=2e-4)
    # Of 2 real ones and 1 generated, one of the two others is nearest.
    assert expected_coverage(2, 1, 1) == pytest.approx(1 / 2)


def test_points_that_are_all_equal_are_inside():
    same = np.full((20, 3), 0.1)

    shares = precision_recall(same, same)
    numbers = density_coverage(same, same)

    assert (shares.precision, shares.recall, numbers.coverage) == (1, 1, 1)
    assert numbers.density == 20 / 5


def test_points_on_the_surface_are_inside_far_from_the_origin():
    """Copies of the k-th neighbours lie on the surfaces."""
    real = np.random.default_rng(0).normal(size=(40, 6)) + 100
    expected = inside(real, real, 3).sum() / (3 * 40)

    assert density_coverage(real, real.copy(), k=3).density == pytest.approx(expected)


def test_far_images_have_nothing():
    far = GENERATED + 1e6

    assert float(precision_recall(REAL, far)) == precision_recall(REAL, far).recall == 0
    assert density_coverage(REAL, far).coverage == 0


def test_the_floor_is_that_of_halves():
    order = np.random.default_rng(1).permutation(70)
    is_first = np.isin(np.arange(70), order[:35])
    one, other = REAL[is_first], REAL[~is_first]

    shares = precision_recall(REAL, GENERATED, seed=1).protocol["floor"]
    numbers = density_coverage(REAL, GENERATED, seed=1).protocol["floor"]

    assert shares["precision"] == pytest.approx(inside(one, other, 3).any(0).mean())
    assert shares["recall"] == pytest.approx(inside(other, one, 3).any(0).mean())
    assert numbers["density"] == pytest.approx(inside(one, other, 5).sum() / (5 * 35))
    assert numbers["coverage"] == pytest.approx(inside(one, other, 5).any(1).mean())


@pytest.mark.parametrize("metric", [precision_recall, density_coverage])
@pytest.mark.parametrize("k", [0, 10, 2.5])
def test_a_k_that_cannot_be_is_refused(metric, k):
    with pytest.raises(ValueError, match=rf"`k` must be .* Received: k={k}"):
        metric(REAL[:10], GENERATED, k=k)


def test_few_generated_images_are_enough_for_coverage():
    assert 0 < density_coverage(REAL, REAL[:1]).coverage < 0.5
