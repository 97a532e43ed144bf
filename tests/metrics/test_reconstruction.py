import numpy as np
import pytest

from keras_latent.metrics import mean_squared_error


def test_is_the_mean_over_all_but_the_first_dimension():
    generator = np.random.default_rng(0)
    images = generator.random((3, 4, 5, 2)).astype("float32")
    reconstructions = generator.random((3, 4, 5, 2)).astype("float32")

    errors = mean_squared_error(images, reconstructions)

    expected = [
        sum((a - b) ** 2 for a, b in zip(x.flat, y.flat, strict=True)) / 40
        for x, y in zip(images, reconstructions, strict=True)
    ]
    np.testing.assert_allclose(errors, expected, rtol=1e-5)


def test_counts_integers_beyond_their_range():
    dark, bright = np.zeros((1, 2), "uint8"), np.full((1, 2), 255, "uint8")

    assert mean_squared_error(dark, bright) == 255**2


def test_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"\(2, 3\).*Received: .*\(2, 1\)"):
        mean_squared_error(np.zeros((2, 3)), np.zeros((2, 1)))
