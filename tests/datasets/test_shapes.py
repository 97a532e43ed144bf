import numpy as np
import pytest

from keras_latent import datasets
from keras_latent.datasets.shapes import FACTORS, render

SHAPE, SCALE, ROTATION, X, Y, COLOUR = range(6)


def vary(factor, shape=0):
    """Images that differ in one factor, in the order of its values."""
    factors = np.tile([shape, 3, 1, 2, 2, 3], (len(list(FACTORS.values())[factor]), 1))
    factors[:, factor] = np.arange(len(factors))
    return render(factors, 64).astype(float) / 255


def centre_of_mass(images):
    """(x, y) as fractions of the sides."""
    mass = images.sum(axis=-1)
    places = (np.arange(64) + 0.5) / 64
    total = mass.sum(axis=(1, 2))
    return (mass.sum(axis=1) @ places) / total, (mass.sum(axis=2) @ places) / total


def test_splits_are_disjoint_and_cover_all_combinations():
    _, train = datasets.arrays("shapes", "train")
    images, test = datasets.arrays("shapes", "test")
    assert train.shape == (6000, 6)
    assert test.shape == (912, 6)
    assert images.shape == (912, 32, 32, 3)
    combinations = {tuple(labels) for labels in np.concatenate([train, test])}
    assert len(combinations) == 6912
    counts = [len(values) for values in FACTORS.values()]
    assert np.all(np.max(train, axis=0) + 1 == counts)
    assert np.all(np.max(test, axis=0) + 1 == counts)


def test_images_are_those_of_their_labels():
    images, labels = datasets.arrays("shapes", "test[:50]", image_size=(24, 30))
    np.testing.assert_allclose(images * 255, render(labels, (24, 30)), atol=1e-4)


def test_all_combinations_look_different():
    images, _ = datasets.arrays("shapes", "train")
    assert len({image.tobytes() for image in images}) == len(images)


@pytest.mark.parametrize("shape", range(3))
def test_x_and_y_place_the_centre_of_mass(shape):
    x, y = centre_of_mass(vary(X, shape))
    np.testing.assert_allclose(x, FACTORS["x"], atol=0.003)
    np.testing.assert_allclose(y, FACTORS["y"][2], atol=0.003)
    x, y = centre_of_mass(vary(Y, shape))
    np.testing.assert_allclose(x, FACTORS["x"][2], atol=0.003)
    np.testing.assert_allclose(y, FACTORS["y"], atol=0.003)


@pytest.mark.parametrize("shape", range(3))
def test_scale_is_the_root_of_the_area(shape):
    area = vary(SCALE, shape)[..., 0].mean(axis=(1, 2))
    np.testing.assert_allclose(np.sqrt(area), FACTORS["scale"], rtol=0.03)


@pytest.mark.parametrize("shape", range(3))
def test_rotation_turns_clockwise_and_keeps_the_area(shape):
    images = vary(ROTATION, shape)
    area = images.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(area, area[0], rtol=0.02)
    assert len({image.tobytes() for image in images}) == len(images)


def test_the_ellipse_turns_by_its_angle():
    mass = vary(ROTATION, shape=1).sum(axis=-1)
    places = (np.arange(64) + 0.5) / 64
    right = places - FACTORS["x"][2]
    down = (places - FACTORS["y"][2])[:, np.newaxis]
    xx, yy, xy = (
        (mass * moment).sum(axis=(1, 2)) for moment in (right**2, down**2, right * down)
    )
    degrees = np.degrees(np.arctan2(2 * xy, xx - yy) / 2)
    np.testing.assert_allclose(degrees, FACTORS["rotation"], atol=1)


def test_colour_changes_the_channels_alone():
    red, green, blue, yellow = vary(COLOUR)
    np.testing.assert_array_equal(red[..., 0], green[..., 1])
    np.testing.assert_array_equal(red[..., 0], blue[..., 2])
    np.testing.assert_array_equal(yellow, red + green)
    assert not red[..., 1:].any()


def test_outlines_are_smooth_and_the_inside_is_full():
    for image in vary(SHAPE)[..., 0]:
        assert image[27, 27] == 1
        assert image[0, 0] == 0
        assert np.any((image > 0) & (image < 1))


def test_wrong_factors():
    with pytest.raises(ValueError, match=r"`factors` must be of shape \(n, 6\)"):
        render([0, 0, 0, 0, 0, 0])
    with pytest.raises(ValueError, match=r"`factors` must be indices.*factors from"):
        render([[3, 0, 0, 0, 0, 0]])


@pytest.mark.parametrize("cache", [None, "memory"])
def test_factors_have_their_names(cache):
    opened = datasets.open_dataset("shapes", image_size=8, cache=cache)
    assert opened.factor_names == tuple(FACTORS)
