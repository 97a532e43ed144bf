import itertools

import numpy as np
import pytest

from keras_latent.latent_space import interpolate


def unit(vector):
    return vector / np.linalg.norm(vector)


@pytest.fixture
def ends():
    return np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")


@pytest.mark.parametrize("method", ["linear", "spherical"])
class TestEveryMethod:
    def test_meets_both_ends_exactly(self, method, ends):
        start, end = ends

        way = interpolate(start, end, steps=7, method=method)

        assert way.shape == (4, 7, 6)
        assert way.dtype == "float32"
        np.testing.assert_array_equal(way[:, 0], start)
        np.testing.assert_array_equal(way[:, -1], end)

    def test_of_one_pair_is_a_row_of_that_of_many(self, method, ends):
        start, end = ends

        way = interpolate(start[1], end[1], method=method)

        assert way.shape == (10, 6)
        np.testing.assert_array_equal(way, interpolate(start, end, method=method)[1])

    def test_back_is_the_same_way(self, method, ends):
        start, end = ends

        way = interpolate(start, end, 6, method)

        np.testing.assert_allclose(
            way, interpolate(end, start, 6, method)[:, ::-1], rtol=1e-5, atol=1e-6
        )

    def test_is_straight_between_parallel_opposite_and_zero_codes(self, method):
        start = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [1.0, 2.0], [0.0, 0.0]])
        end = np.array([[3.0, 6.0], [-1.0, -2.0], [1.0, 2.0], [0.0, 0.0], [0.0, 0.0]])

        way = interpolate(start, end, steps=5, method=method)

        np.testing.assert_allclose(way, np.linspace(start, end, 5, axis=1), atol=1e-15)


def test_linear_steps_are_equal(ends):
    way = interpolate(*ends, steps=9)

    np.testing.assert_allclose(
        np.diff(way, axis=1), np.repeat((ends[1] - ends[0])[:, None], 8, 1) / 8, 1e-4
    )


def test_spherical_turns_by_equal_angles_and_grows_by_equal_lengths(ends):
    start, end = ends[:, 0].astype("float64")

    way = interpolate(start, end, steps=9, method="spherical")

    cosines = [unit(a) @ unit(b) for a, b in itertools.pairwise(way)]
    whole = np.arccos(unit(start) @ unit(end))
    np.testing.assert_allclose(np.arccos(cosines), whole / 8)
    lengths = np.linalg.norm(way, axis=1)
    np.testing.assert_allclose(np.diff(lengths), (lengths[-1] - lengths[0]) / 8)
    # It never leaves the plane of its ends.
    assert np.linalg.matrix_rank(way, tol=1e-10) == 2


def test_spherical_by_hand():
    way = interpolate([2.0, 0.0], [0.0, 4.0], steps=4, method="spherical")

    angles, lengths = np.radians([0, 30, 60, 90]), np.linspace(2, 4, 4)
    expected = lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(way, expected, atol=1e-15)


@pytest.mark.parametrize("angle", [1e-3, 1e-5, 1e-7, 1e-9])
def test_spherical_is_exact_for_small_angles(angle):
    end = [np.cos(angle), np.sin(angle)]

    way = interpolate([1.0, 0.0], end, steps=3, method="spherical")

    np.testing.assert_allclose(way[1, 1], np.sin(angle / 2), rtol=1e-9)


@pytest.mark.parametrize("angle", [1e-4, 1e-8])
def test_spherical_is_finite_near_opposite_codes(angle):
    end = [-np.cos(angle), np.sin(angle)]

    way = interpolate([1.0, 0.0], end, steps=5, method="spherical")

    assert np.isfinite(way).all()
    assert np.linalg.norm(way, axis=1).max() <= 1 + 1e-9


def test_two_steps_are_the_ends():
    np.testing.assert_array_equal(interpolate([1], [2], steps=2), [[1.0], [2.0]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 1}, r"`steps` must be at least 2.* Received: steps=1"),
        ({"steps": 2.5}, r"`steps` must be .* Received: steps=2\.5"),
        ({"method": "cubic"}, "'linear', 'spherical'. Received: method='cubic'"),
        ({"end": [[1.0, 2.0]]}, r"`end` .* \(2,\)\. Received: end of shape \(1, 2\)"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        interpolate(**{"start": [0.0, 1.0], "end": [1.0, 1.0]} | arguments)
