"""Codes that are maps: as the vectors of their elements, and maps again."""

import numpy as np
import pytest

from keras_latent import latent_space

SHAPE = (2, 3, 4)
MAPS = np.random.default_rng(0).normal(size=(12, *SHAPE))
VECTORS = MAPS.reshape(12, 24)


@pytest.mark.parametrize("method", ["linear", "spherical"])
def test_ways_between_maps_are_those_between_their_elements(method):
    expected = latent_space.interpolate(VECTORS[:5], VECTORS[5:10], 4, method)
    many = latent_space.interpolate(MAPS[:5], MAPS[5:10], 4, method)
    one = latent_space.interpolate(MAPS[1], MAPS[6], 4, method)
    assert many.shape == (5, 4, *SHAPE)
    np.testing.assert_array_equal(many.reshape(5, 4, 24), expected)
    np.testing.assert_allclose(one, many[1], rtol=1e-12)
    np.testing.assert_array_equal(one[-1], MAPS[6])


def test_a_traversal_moves_one_element():
    codes = latent_space.traverse(MAPS[0], [-2.0, 2.0], [5, 23])
    assert codes.shape == (2, 2, *SHAPE)
    assert codes[0, 0, 0, 1, 1] == -2
    assert codes[1, 1, 1, 2, 3] == 2
    changed = (codes != MAPS[0]).reshape(4, 24)
    assert changed.sum(axis=1).tolist() == [1, 1, 1, 1]


def test_attributes_are_maps():
    vector = latent_space.attribute_vector(MAPS[:5], MAPS[5:])
    np.testing.assert_allclose(vector, MAPS[:5].mean(axis=0) - MAPS[5:].mean(axis=0))
    edited = latent_space.apply_attribute(MAPS, vector, 0.5)
    np.testing.assert_allclose(edited, MAPS + 0.5 * vector)


def test_clusters_have_maps_as_centroids():
    found = latent_space.clusters(MAPS, 3)
    expected = latent_space.clusters(VECTORS, 3)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert found.centroids.shape == (3, *SHAPE)
    np.testing.assert_array_equal(found.centroids.reshape(3, 24), expected.centroids)
    positions = latent_space.relative_positions(found.centroids)
    assert positions.shape == (3, 3, *SHAPE)
    np.testing.assert_array_equal(positions[0, 2], -positions[2, 0])


def test_neighbours_and_projections_are_those_of_the_elements():
    found = latent_space.nearest(MAPS[:3], MAPS, k=2)
    expected = latent_space.nearest(VECTORS[:3], VECTORS, k=2)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.distances, expected.distances)
    np.testing.assert_array_equal(
        latent_space.project(MAPS), latent_space.project(VECTORS)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: latent_space.interpolate(MAPS, VECTORS),
            r"`end` must have the shape of `start`, \(12, 2, 3, 4\)",
        ),
        (
            lambda: latent_space.apply_attribute(MAPS, MAPS[0, :, :2]),
            r"`vector` must be maps of shape \(2, 3, 4\)\. Received: .*\(2, 2, 4\)",
        ),
        (
            lambda: latent_space.attribute_vector(MAPS, VECTORS),
            r"`codes_without` must be maps of shape \(2, 3, 4\)",
        ),
        (
            lambda: latent_space.project(MAPS[0]),
            r"height, width, channels\)\. Received: .* shape \(2, 3, 4\)",
        ),
        (
            lambda: latent_space.traverse(MAPS[0], [0.0], [24]),
            r"`dimensions` must be a list of integers from 0 to 23",
        ),
    ],
)
def test_other_shapes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
