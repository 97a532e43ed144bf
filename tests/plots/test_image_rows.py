import numpy as np

from keras_latent.plots.image_rows import image_rows


def grey(values, height=4, width=8):
    """Images of one grey value each, in rows and columns."""
    values = np.array(values, "float32")[..., None, None, None]
    return np.broadcast_to(values, (*values.shape[:2], height, width, 1))


def test_sections_stand_side_by_side_with_a_gap():
    figure = image_rows(
        [grey([[0.1], [0.2]]), grey([[0.3, 0.4], [0.5, 0.6]])], [["a"], ["b", "c"]]
    )

    (axes,) = figure.axes
    pixels = axes.images[0].get_array()
    gap = 3
    assert pixels.shape == (4 + 1 + 4, 8 + gap + 8 + 1 + 8)
    starts = [0, 11, 20]
    np.testing.assert_allclose(pixels[0, starts], [0.1, 0.3, 0.4])
    np.testing.assert_allclose(pixels[-1, starts], [0.2, 0.5, 0.6])
    np.testing.assert_array_equal(pixels[:, [8, 9, 10, 19]], 1.0)


def test_labels_stand_at_the_middles():
    figure = image_rows(
        [grey([[0.1], [0.2]]), grey([[0.3, 0.4], [0.5, 0.6]])],
        [["a"], ["b", "c"]],
        ["first", "second"],
    )

    (axes,) = figure.axes
    np.testing.assert_allclose(axes.get_xticks(), [3.5, 14.5, 23.5], atol=0.5)
    np.testing.assert_allclose(axes.get_yticks(), [1.5, 6.5], atol=0.5)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["first", "second"]
