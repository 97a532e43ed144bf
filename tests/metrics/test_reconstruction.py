import numpy as np
import pytest

from keras_latent.metrics import mean_squared_error, peak_signal_to_noise_ratio


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


class TestPeakSignalToNoiseRatio:
    def test_equals_its_formula(self):
        generator = np.random.default_rng(0)
        images = generator.random((3, 4, 5, 2)).astype("float32")
        reconstructions = generator.normal(size=(3, 4, 5, 2)).astype("float32")

        ratios = peak_signal_to_noise_ratio(images, reconstructions)

        errors = mean_squared_error(images, reconstructions)
        np.testing.assert_allclose(ratios, 20 * np.log10(1 / np.sqrt(errors)))

    @pytest.mark.parametrize("decibels", [10, 20, 30])
    def test_of_a_constant_error(self, decibels):
        images = np.full((2, 6, 6, 1), 0.25)

        ratios = peak_signal_to_noise_ratio(images, images + 10 ** (-decibels / 20))

        np.testing.assert_allclose(ratios, [decibels, decibels])

    @pytest.mark.filterwarnings("error")
    def test_is_infinite_for_equal_images(self):
        images = np.random.default_rng(0).random((2, 4, 4, 3))

        assert peak_signal_to_noise_ratio(images, images).tolist() == [np.inf, np.inf]

    @pytest.mark.parametrize(
        ("value", "extremes"),
        [(255, "minimum=0, maximum=255"), (-1, "minimum=-1, maximum=0")],
    )
    def test_refuses_images_of_another_range(self, value, extremes):
        images = np.zeros((2, 3))
        images[1, 1] = value

        with pytest.raises(ValueError, match=rf"`images` .* \[0, 1\].*{extremes}"):
            peak_signal_to_noise_ratio(images, images)

    def test_refuses_images_that_are_not_numbers(self):
        with pytest.raises(ValueError, match=r"`images` .* Received: .*minimum=nan"):
            peak_signal_to_noise_ratio([[np.nan]], [[0.0]])

    def test_refuses_none(self):
        with pytest.raises(ValueError, match=r"at least one image.* shape \(0, 4\)"):
            peak_signal_to_noise_ratio(np.zeros((0, 4)), np.zeros((0, 4)))

    def test_refuses_other_shapes(self):
        with pytest.raises(ValueError, match=r"\(2, 3\).*Received: .*\(2, 1\)"):
            peak_signal_to_noise_ratio(np.zeros((2, 3)), np.zeros((2, 1)))
