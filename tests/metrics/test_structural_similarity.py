import numpy as np
import pytest

from keras_latent.metrics import structural_similarity


def by_hand(x, y):
    """Equation 13 on images that are as large as the window."""
    line = np.exp(-0.5 * ((np.arange(11) - 5) / 1.5) ** 2)
    window = np.outer(line, line)
    window /= window.sum()
    mean_x, mean_y = (window * x).sum(), (window * y).sum()
    variance_x = (window * (x - mean_x) ** 2).sum()
    variance_y = (window * (y - mean_y) ** 2).sum()
    covariance = (window * (x - mean_x) * (y - mean_y)).sum()
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance * (2 * covariance + c2) / (variance_x + variance_y + c2)


def test_against_numpy():
    x, y = np.random.default_rng(0).random((2, 3, 11, 11, 1))
    expected = [by_hand(a[..., 0], b[..., 0]) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(structural_similarity(x, y), expected, atol=1e-5)


def test_of_equal_noisy_and_other_images():
    generator = np.random.default_rng(0)
    x = generator.random((2, 20, 24, 3))
    noisy = x + 0.1 * generator.normal(size=x.shape)
    other = generator.random(x.shape)
    equal, near, far = (structural_similarity(x, y) for y in (x, noisy, other))
    np.testing.assert_allclose(equal, 1.0)
    assert (near < equal).all()
    assert (far < near).all()


def test_images_of_another_range_are_refused():
    x = np.random.default_rng(0).uniform(-1, 1, (2, 11, 11, 1))
    x[0, 0, 0, 0] = -0.75
    for images in (x, 255 * np.abs(x)):
        with pytest.raises(
            ValueError, match=r"`images` must lie in \[0, 1\].*minimum="
        ):
            structural_similarity(images, images)
    # What a linear decoder overshoots is no fault of the images.
    assert (structural_similarity(np.abs(x), x) < 1).all()


def test_many_images_are_measured_in_parts():
    x = np.random.default_rng(0).random((501, 11, 11, 1), "float32")
    assert structural_similarity(x, x[::-1]).shape == (501,)


@pytest.mark.parametrize(
    ("shape", "other", "message"),
    [
        ((2, 11, 11, 1), (1, 11, 11, 1), "`reconstructions` must have the shape"),
        ((2, 10, 11, 1), (2, 10, 11, 1), "at least 11. Received: images of shape"),
        ((0, 11, 11, 1), (0, 11, 11, 1), "Received: images of shape"),
        ((11, 11), (11, 11), "Received: images of shape"),
    ],
)
def test_errors(shape, other, message):
    with pytest.raises(ValueError, match=message):
        structural_similarity(np.zeros(shape), np.zeros(other))
