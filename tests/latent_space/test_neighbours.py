import numpy as np
import pytest

from keras_latent.latent_space import Neighbours, nearest


def sorted_by_hand(queries, codes, k):
    distances = np.sqrt(((queries[:, None] - codes[None]) ** 2).sum(axis=-1))
    indices = np.argsort(distances, axis=1)[:, :k]
    return indices, np.take_along_axis(distances, indices, axis=1)


@pytest.mark.parametrize("k", [1, 3, 40])
@pytest.mark.parametrize("origin", [0.0, 1e6])
def test_equals_a_sort_of_all_distances(k, origin):
    generator = np.random.default_rng(0)
    queries = generator.normal(size=(15, 4)) + origin
    codes = generator.normal(size=(40, 4)) + origin

    neighbours = nearest(queries, codes, k)

    indices, distances = sorted_by_hand(queries, codes, k)
    assert isinstance(neighbours, Neighbours)
    np.testing.assert_array_equal(neighbours.indices, indices)
    np.testing.assert_allclose(neighbours.distances, distances, rtol=1e-12)


def test_a_query_among_the_codes_is_at_distance_0():
    codes = np.random.default_rng(0).normal(100.0, 1.0, (300, 8)).astype("float32")

    neighbours = nearest(codes, codes, k=2)

    np.testing.assert_array_equal(neighbours.indices[:, 0], np.arange(300))
    np.testing.assert_array_equal(neighbours.distances[:, 0], 0.0)
    assert (neighbours.distances[:, 1] > 0).all()


def test_measures_small_distances_between_large_codes():
    neighbours = nearest([[1e4, 1e-3]], [[1e4, 0.0], [-1e4, 0.0]])

    np.testing.assert_allclose(neighbours.distances, [[1e-3]], rtol=1e-12)


def test_looks_at_one_neighbour_by_default():
    assert nearest([[0.0]], [[5.0], [1.0]]).indices.tolist() == [[1]]


def test_refuses_more_neighbours_than_codes():
    with pytest.raises(ValueError, match=r"`k` must be at most .* 2\. Received: k=3"):
        nearest([[0.0]], [[0.0], [1.0]], k=3)


@pytest.mark.parametrize("k", [0, 1.5])
def test_refuses_what_is_no_number_of_neighbours(k):
    with pytest.raises(ValueError, match=rf"`k` must be .* Received: k={k}"):
        nearest([[0.0]], [[0.0]], k=k)


def test_refuses_queries_of_another_latent_dimension():
    with pytest.raises(ValueError, match=r"`queries` .* 2\. Received: .* \(1, 3\)"):
        nearest(np.zeros((1, 3)), np.zeros((4, 2)))
