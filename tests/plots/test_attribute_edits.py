import numpy as np
import pytest

from keras_latent import plots

VECTOR = [0.1, 0.0, -0.1]


def test_the_vector_is_added_by_each_strength(model, images, shown):
    figure = plots.attribute_edits(model, images, VECTOR, [-1, 0, 2.5])

    grid = shown(figure, gaps=(1,))
    assert grid.column_labels == ["original", "-1", "0", "+2.5"]
    assert grid.axes.get_xlabel() == "strength"
    np.testing.assert_allclose(grid.top(1, 1), [0.5, 0.8, 1.0], atol=1e-6)
    np.testing.assert_allclose(grid.top(1, 2), [0.6, 0.8, 1.0], atol=1e-6)
    np.testing.assert_allclose(grid.top(1, 3), [0.85, 0.8, 0.75], atol=1e-6)
    np.testing.assert_allclose(grid.top(0, 3), [0.25, 0.2, 0.15], atol=1e-6)


def test_the_originals_stand_at_the_left(model, images, shown):
    grid = shown(plots.attribute_edits(model, images, VECTOR, [0]))

    np.testing.assert_array_equal(grid.pixels[:2, :3], images[0, ..., 0])
    np.testing.assert_array_equal(grid.pixels[3:, :3], images[1, ..., 0])
    assert (grid.pixels[1, -3:] == 0).all()


def test_of_a_dict_the_image_is_shown(mixed_model, mixed_images, shown):
    figure = plots.attribute_edits(mixed_model, mixed_images, VECTOR, [0])

    grid = shown(figure, gaps=(1,))
    np.testing.assert_array_equal(grid.pixels[:2, :3], mixed_images["picture"][0])
    np.testing.assert_array_equal(grid.top(1, 1), mixed_images["picture"][1, 0])


@pytest.mark.parametrize(
    ("vector", "strengths", "message"),
    [
        ([0.1, 0.2], [1], r"`vector` must have the latent dimension 3"),
        (np.zeros((1, 3)), [1], r"`vector` must have the shape"),
        (VECTOR, [], r"`strengths` must not be empty"),
        (VECTOR, [np.inf], r"`strengths` must be finite"),
        (VECTOR, [[1.0]], r"`strengths` .* Received: strengths of shape \(1, 1\)"),
    ],
)
def test_errors_name_the_argument(model, images, vector, strengths, message):
    with pytest.raises(ValueError, match=message):
        plots.attribute_edits(model, images, vector, strengths)


def test_refuses_no_images(model, images):
    with pytest.raises(ValueError, match=r"`images` must hold at least one image"):
        plots.attribute_edits(model, images[:0], VECTOR, [1])
