import numpy as np
import pytest

from keras_latent import plots

IMAGES = np.linspace(0, 1, 5 * 6).reshape(5, 2, 3, 1).astype("float32")
CLUSTERS = [4, 1, 4, 4, 1]


def test_a_row_a_cluster_the_nearest_first(shown):
    distances = [3.0, 2.0, 1.0, 2.0, 1.0]
    grid = shown(plots.cluster_sheets(IMAGES, CLUSTERS, distances, columns=2))
    assert grid.row_labels == ["1: 2 images", "4: 3 images"]
    for row, places in enumerate([[4, 1], [2, 3]]):
        for column, place in enumerate(places):
            np.testing.assert_allclose(grid.top(row, column), IMAGES[place, 0, :, 0])


def test_what_a_cluster_lacks_is_white(shown):
    figure = plots.cluster_sheets(IMAGES, CLUSTERS, row_labels=["few", "more"])
    grid = shown(figure)
    assert grid.row_labels == ["few", "more"]
    np.testing.assert_allclose(grid.top(0, 1), IMAGES[4, 0, :, 0])
    np.testing.assert_array_equal(grid.top(0, 2), np.ones(3))
    np.testing.assert_allclose(grid.top(1, 0), IMAGES[0, 0, :, 0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"images": IMAGES[0]}, r"`images` must be of shape .* \(2, 3, 1\)"),
        ({"images": IMAGES[:0]}, "`images` must be of shape"),
        ({"clusters": [1, 2]}, r"`clusters` must .* the 5 images.*shape \(2,\)"),
        ({"distances": [1.0]}, r"`distances` must .* the 5 images.*shape \(1,\)"),
        ({"columns": 0}, "`columns` must be a positive integer"),
        ({"row_labels": ["a"]}, "`row_labels` .* each of the 2 clusters.* length 1"),
    ],
)
def test_errors(given, message):
    with pytest.raises(ValueError, match=message):
        plots.cluster_sheets(**{"images": IMAGES, "clusters": CLUSTERS, **given})
