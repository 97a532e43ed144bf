import numpy as np
import pytest

from keras_latent import plots
from keras_latent.latent_space import interpolate


def test_a_row_leads_from_the_start_to_the_end(model, images, shown):
    figure = plots.interpolations(model, images, images[::-1], steps=3)

    grid = shown(figure, gaps=(1, 4))
    assert grid.column_labels == ["start", "0", "0.5", "1", "end"]
    np.testing.assert_allclose(grid.top(0, 1), [0.0, 0.2, 0.4], atol=1e-6)
    np.testing.assert_allclose(grid.top(0, 2), [0.3, 0.5, 0.7], atol=1e-6)
    np.testing.assert_allclose(grid.top(0, 3), [0.6, 0.8, 1.0], atol=1e-6)
    np.testing.assert_allclose(grid.top(1, 1), [0.6, 0.8, 1.0], atol=1e-6)


def test_the_ends_are_the_originals(model, images, shown):
    grid = shown(plots.interpolations(model, images, images[::-1], steps=2), (1, 3))

    assert grid.pixels.shape == (2 + 1 + 2, 4 * 3 + 3 + 2)
    np.testing.assert_array_equal(grid.pixels[:2, :3], images[0, ..., 0])
    np.testing.assert_array_equal(grid.pixels[3:, :3], images[1, ..., 0])
    np.testing.assert_array_equal(grid.pixels[:2, -3:], images[1, ..., 0])
    assert (grid.pixels[1, 5:8] == 0).all()


def test_the_method_is_that_of_the_latent_space(model, images, shown):
    figure = plots.interpolations(
        model, images[:1], images[1:], steps=5, method="spherical"
    )

    path = interpolate(
        model.encode(images[:1]), model.encode(images[1:]), 5, "spherical"
    )
    grid = shown(figure, gaps=(1, 6))
    for step in range(5):
        np.testing.assert_allclose(grid.top(0, 1 + step), path[0, step], rtol=1e-6)


def test_of_a_dict_the_image_is_shown(mixed_model, mixed_images, shown):
    figure = plots.interpolations(mixed_model, mixed_images, mixed_images, steps=2)

    grid = shown(figure, gaps=(1, 3))
    picture = mixed_images["picture"]
    np.testing.assert_array_equal(grid.pixels[:2, :3], picture[0])
    np.testing.assert_array_equal(grid.top(1, 1), picture[1, 0])


def test_refuses_unequal_numbers_of_images(model, images):
    with pytest.raises(
        ValueError, match=r"`starts` and `ends` .* Received: 2 starts and 1 ends"
    ):
        plots.interpolations(model, images, images[:1])


def test_refuses_no_images(model, images):
    with pytest.raises(ValueError, match=r"at least one.* Received: 0 starts"):
        plots.interpolations(model, images[:0], images[:0])


@pytest.mark.parametrize("options", [{"steps": 1}, {"method": "curved"}])
def test_refuses_what_the_latent_space_refuses(model, images, options):
    (argument,) = options
    with pytest.raises(ValueError, match=f"`{argument}` .* Received: {argument}="):
        plots.interpolations(model, images, images, **options)
