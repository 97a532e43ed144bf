import numpy as np
import pytest

from keras_latent import plots

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((2, 4, 5, 3)).astype("float32")
NEAREST = RANDOM.random((2, 3, 4, 5, 3)).astype("float32")
DISTANCES = [[0.0, 0.25, 2.0], [0.5, 1.0, 1234.5]]


def test_each_neighbour_stands_right_of_its_image_over_its_distance():
    figure = plots.neighbours(IMAGES, NEAREST, DISTANCES, ["first", "second"])
    (axes,) = figure.axes
    pixels = np.asarray(axes.images[0].get_array())
    # Rows of images, of which the first is a pixel apart, over a strip for words.
    tall = len(pixels) // 2
    for row in range(2):
        top = row * tall
        np.testing.assert_allclose(pixels[top : top + 4, :5], IMAGES[row])
        for place in range(3):
            left = 6 + 6 * place
            drawn = pixels[top : top + 4, left : left + 5]
            np.testing.assert_allclose(drawn, NEAREST[row, place])
            text = axes.texts[3 * row + place]
            assert text.get_position()[0] == left + 2
            assert top + 4 - 0.5 <= text.get_position()[1] <= top + tall - 0.5
    said = [text.get_text() for text in axes.texts]
    assert said == ["0", "0.25", "2", "0.5", "1", "1.23e+03"]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["first", "second"]
    np.testing.assert_allclose(axes.get_yticks(), [1.5, tall + 1.5])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nearest": NEAREST[:1]}, r"`nearest` must .* shape \(1, 3, 4, 5, 3\)"),
        ({"nearest": NEAREST[:, :0]}, "`nearest` must be of shape"),
        ({"images": IMAGES[0]}, r"images of shape \(4, 5, 3\)"),
        ({"distances": [[1.0]]}, r"`distances` must be of shape \(2, 3\).* \(1, 1\)"),
        ({"row_labels": ["one"]}, "`row_labels` .* each of the 2 images.* length 1"),
    ],
)
def test_errors(given, message):
    usual = {"images": IMAGES, "nearest": NEAREST, "distances": DISTANCES}
    with pytest.raises(ValueError, match=message):
        plots.neighbours(**{**usual, **given})
