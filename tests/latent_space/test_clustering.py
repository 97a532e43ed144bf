import numpy as np
import pytest

from keras_latent.latent_space import attribute_vector, clusters, relative_positions

CORNERS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 20.0]])


@pytest.fixture
def groups():
    """Codes around three corners, and the corner of each."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 60)
    return CORNERS[labels] + generator.normal(0, 0.5, (60, 2)), labels


def test_finds_groups_and_their_means(groups):
    codes, labels = groups

    found = clusters(codes, count=3)

    assert found.labels.shape == (60,)
    assert len({*zip(labels.tolist(), found.labels.tolist(), strict=True)}) == 3
    for cluster, centroid in enumerate(found.centroids):
        np.testing.assert_allclose(centroid, codes[found.labels == cluster].mean(0))


def test_same_seed_same_clusters(groups):
    codes, _ = groups

    first, second = clusters(codes, 5, seed=1), clusters(codes, 5, seed=1)

    np.testing.assert_array_equal(first.labels, second.labels)


def test_as_many_clusters_as_codes():
    found = clusters([[0.0], [1.0], [1.0]], count=2)

    assert sorted(found.centroids.ravel()) == [0.0, 1.0]


def test_refuses_more_clusters_than_different_codes():
    with pytest.raises(ValueError, match=r"`count` .* codes, 2\. Received: count=3"):
        clusters([[0.0], [1.0], [1.0]], count=3)


def test_refuses_what_is_no_number_of_clusters():
    with pytest.raises(ValueError, match=r"`count` must be .* Received: count=0"):
        clusters([[0.0], [1.0]], count=0)


def test_relative_positions_lead_from_one_centroid_to_the_other():
    positions = relative_positions(CORNERS)

    assert positions.shape == (3, 3, 2)
    for i in range(3):
        for j in range(3):
            np.testing.assert_array_equal(CORNERS[i] + positions[i, j], CORNERS[j])


def test_relative_positions_are_attribute_vectors(groups):
    codes, labels = groups
    centroids = [codes[labels == label].mean(axis=0) for label in range(3)]

    np.testing.assert_allclose(
        relative_positions(centroids)[0, 2],
        attribute_vector(codes[labels == 2], codes[labels == 0]),
    )
