import numpy as np
import pytest
from scipy.linalg import sqrtm

from keras_latent.metrics.generation import fid
from keras_latent.metrics.generation.fid import Moments

GENERATOR = np.random.default_rng(0)
REAL = GENERATOR.normal(size=(300, 4)) @ GENERATOR.normal(size=(4, 4))
GENERATED = GENERATOR.normal(size=(200, 4)) @ GENERATOR.normal(size=(4, 4)) + 0.5


def by_matrix_root(one, other):
    covariances = np.cov(one.T), np.cov(other.T)
    shift = np.square(one.mean(axis=0) - other.mean(axis=0)).sum()
    cross = 2 * np.trace(sqrtm(covariances[0] @ covariances[1]).real)
    return shift + np.trace(covariances[0]) + np.trace(covariances[1]) - cross


@pytest.mark.parametrize("batch_size", [1, 7, 256])
def test_equals_the_root_of_the_product(batch_size):
    score = fid(REAL, GENERATED, batch_size=batch_size)

    assert float(score) == pytest.approx(by_matrix_root(REAL, GENERATED), abs=1e-9)


def test_is_the_same_from_both_sides():
    assert float(fid(REAL, GENERATED)) == pytest.approx(float(fid(GENERATED, REAL)))


def test_gaussians_in_closed_form():
    """Independent features: the sum of squared differences of means and deviations."""
    deviations, others = np.array([1.0, 2.0, 0.5]), np.array([2.0, 1.0, 0.5])
    shift = np.array([1.0, 0.0, -2.0])
    one = np.random.default_rng(0).normal(size=(40000, 3)) * deviations
    other = np.random.default_rng(1).normal(size=(40000, 3)) * others + shift
    expected = np.square(shift).sum() + np.square(deviations - others).sum()

    assert float(fid(one, other)) == pytest.approx(expected, rel=0.02)


def test_a_shift_gives_its_square():
    shift = np.array([3.0, 0.0, -4.0, 0.0])

    assert float(fid(REAL, REAL + shift)) == pytest.approx(25, abs=1e-9)


def test_the_same_images_have_none():
    assert float(fid(REAL, REAL)) == pytest.approx(0, abs=1e-9)


def test_statistics_are_float64_far_from_the_origin():
    real, generated = (x.astype("float32") for x in (REAL, GENERATED))
    far = [x.astype("float64") + 1e5 for x in (real, generated)]

    assert float(fid(*far)) == pytest.approx(by_matrix_root(real, generated), rel=1e-4)


def test_moments_of_parts_are_those_of_the_whole():
    parts = [
        Moments.of(REAL[rows]) for rows in (slice(0, 1), slice(1, 90), slice(90, 300))
    ]

    together = parts[0].with_more(parts[1]).with_more(parts[2])

    np.testing.assert_allclose(together.mean, REAL.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(together.covariance, np.cov(REAL.T), atol=1e-10)


def test_the_floor_is_that_of_halves():
    score = fid(REAL, GENERATED, seed=4)
    order = np.random.default_rng(4).permutation(300)
    one, other = REAL[order[:150]], REAL[order[150:]]

    assert score.protocol["floor"] == pytest.approx(
        by_matrix_root(one, other), abs=1e-9
    )
    assert score.protocol["floor_n"] == 150
    assert score.protocol["floor"] < float(score)
    assert fid(REAL, GENERATED, floor=False).protocol["floor"] is None


def test_no_more_images_than_features_are_warned_of():
    with pytest.warns(UserWarning, match="FID of 4 images in 4 features"):
        score = fid(REAL[:50], GENERATED[:4])
    assert np.isfinite(float(score))


def test_features_that_never_vary_add_nothing():
    dead = [np.column_stack([x, np.zeros(len(x)), x[:, 0]]) for x in (REAL, GENERATED)]
    copied = [np.column_stack([x, x[:, 0]]) for x in (REAL, GENERATED)]

    # Roots of eigenvalues that rounding leaves of 0.
    assert float(fid(*dead)) == pytest.approx(float(fid(*copied)), abs=1e-6)


def test_one_image_is_refused():
    with pytest.raises(ValueError, match=r"`generated` must hold at least 2 images"):
        fid(REAL, GENERATED[:1])


def test_two_images_have_no_floor():
    with pytest.warns(UserWarning, match="FID of 2 images"):
        assert fid(REAL[:2], GENERATED[:2]).protocol["floor"] is None
