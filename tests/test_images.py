import numpy as np
import pytest

from keras_latent.images import (
    image_entries,
    square_columns,
    tile,
    tile_pairs,
)


def flat_images(*values, height=2, width=3, channels=1):
    """Images of one grey value each."""
    shape = (len(values), height, width, channels)
    return np.broadcast_to(np.reshape(values, (-1, 1, 1, 1)), shape).astype("float32")


def test_one_tensor_is_called_image():
    images = flat_images(0.5)

    assert list(image_entries(images)) == ["image"]
    np.testing.assert_array_equal(image_entries(images)["image"], images)


def test_of_a_dict_the_images_are_taken():
    observation = {
        "number": np.zeros((2, 1)),
        "colour": flat_images(0.1, 0.2, channels=3),
        "features": np.zeros((2, 4, 4, 64)),
        "grey": flat_images(0.1, 0.2),
    }

    assert list(image_entries(observation)) == ["colour", "grey"]


def test_refuses_an_observation_without_images():
    with pytest.raises(ValueError, match=r"`images` .*Received: .*'label': \(2, 10\)"):
        image_entries({"label": np.zeros((2, 10))})


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (4, 2), (5, 3), (64, 8)])
def test_square_columns(count, columns):
    assert square_columns(count) == columns


def test_tile_places_images_row_by_row_with_white_between():
    grid = tile(flat_images(0.1, 0.2, 0.3), columns=2)

    assert grid.shape == (2 + 1 + 2, 3 + 1 + 3, 1)
    np.testing.assert_allclose(grid[:2, :3], 0.1)
    np.testing.assert_allclose(grid[:2, 4:], 0.2)
    np.testing.assert_allclose(grid[3:, :3], 0.3)
    np.testing.assert_array_equal(grid[3:, 4:], 1.0)
    np.testing.assert_array_equal(grid[2], 1.0)
    np.testing.assert_array_equal(grid[:, 3], 1.0)


def test_tile_keeps_pixels_and_colours():
    images = np.random.default_rng(0).random((2, 4, 5, 3)).astype("float32")

    grid = tile(images, columns=2)

    np.testing.assert_array_equal(grid[:, :5], images[0])
    np.testing.assert_array_equal(grid[:, 6:], images[1])


def test_tile_cuts_to_the_range():
    grid = tile(flat_images(-0.5, 1.5), columns=2)

    assert (grid.min(), grid.max()) == (0.0, 1.0)


def test_pairs_stand_one_over_the_other():
    originals, decoded = flat_images(0.1, 0.2, 0.3), flat_images(0.6, 0.7, 0.8)

    grid = tile_pairs(originals, decoded, columns=2)

    tops = grid[::3, ::4, 0]
    np.testing.assert_allclose(tops, [[0.1, 0.2], [0.6, 0.7], [0.3, 1], [0.8, 1]])


def test_few_pairs_make_a_narrow_grid():
    grid = tile_pairs(flat_images(0.1, 0.2), flat_images(0.6, 0.7), columns=10)

    assert grid.shape == (5, 7, 1)
