import numpy as np
import pytest
from matplotlib.colors import to_rgba

from keras_latent import plots
from keras_latent.plots.class_colours import CLASS_COLOURS
from keras_latent.plots.style import TRAIN_COLOUR


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(40, 2))


@pytest.fixture
def pictures():
    return np.random.default_rng(1).random((40, 4, 8, 1)).astype("float32")


def scatter_of(figure):
    return figure.axes[0].collections[0]


def colours_of(figure):
    """The colour of each point, opaque."""
    colours = np.array(scatter_of(figure).get_facecolors())
    colours[:, 3] = 1.0
    return colours


def legend(figure):
    return {
        text.get_text(): handle.get_color()
        for box in figure.legends
        for text, handle in zip(box.get_texts(), box.legend_handles, strict=True)
    }


def test_without_labels_all_points_have_one_colour(points):
    figure = plots.projection(points)

    np.testing.assert_allclose(scatter_of(figure).get_offsets(), points)
    np.testing.assert_allclose(colours_of(figure), [to_rgba(TRAIN_COLOUR)] * 40)
    assert not figure.legends
    assert len(figure.axes) == 1


@pytest.mark.parametrize("dtype", ["uint8", "int64", "str", "bool"])
def test_each_class_has_its_colour_and_stands_in_the_legend(points, dtype):
    labels = (np.arange(40) % 2).astype(dtype)

    figure = plots.projection(points, labels=labels)

    assert list(legend(figure).values()) == list(CLASS_COLOURS[:2])
    assert list(legend(figure)) == [str(label) for label in np.unique(labels)]
    for label, colour in zip(labels, colours_of(figure), strict=True):
        np.testing.assert_allclose(colour, to_rgba(legend(figure)[str(label)]))


def test_classes_are_named_in_the_order_of_their_indices(points):
    names = ["zebra", "unused", "ant"]

    figure = plots.projection(points, labels=[2, 0] * 20, class_names=names)

    assert list(legend(figure)) == ["zebra", "ant"]
    np.testing.assert_allclose(colours_of(figure)[0], to_rgba(legend(figure)["ant"]))


def test_twelve_numbers_are_the_most_with_a_legend(points):
    assert len(legend(plots.projection(points, labels=np.arange(40) % 12))) == 12
    assert not legend(plots.projection(points, labels=np.arange(40) % 13))


def test_more_names_have_markers_and_shades(points):
    labels = [f"name {i % 26:02}" for i in range(40)]

    figure = plots.projection(points, labels=labels)

    (box,) = figure.legends
    assert [text.get_text() for text in box.get_texts()] == sorted(set(labels))
    markers = [handle.get_marker() for handle in box.legend_handles]
    assert markers == ["o"] * 12 + ["s"] * 12 + ["^"] * 2
    assert len(set(legend(figure).values())) == 26
    drawn = figure.axes[0].collections
    # Rows 0 to 11 and 26 to 37, 12 to 23 and 38 to 39, 24 and 25.
    assert [len(part.get_offsets()) for part in drawn] == [24, 14, 2]
    np.testing.assert_allclose(drawn[2].get_offsets(), points[24:26])
    np.testing.assert_allclose(
        drawn[2].get_facecolors()[1, :3], to_rgba(legend(figure)["name 25"])[:3]
    )


def test_many_numbers_are_explained_by_a_bar(points):
    figure = plots.projection(points, labels=np.linspace(-1.0, 3.0, 40))

    _, bar = figure.axes
    assert bar.get_ylim() == (-1.0, 3.0)
    assert len(np.unique(colours_of(figure), axis=0)) > 30


def test_many_names_are_coloured_without_a_legend(points):
    figure = plots.projection(points, labels=[f"name {i % 37}" for i in range(40)])

    assert len(figure.axes) == 1
    assert not figure.legends
    colours = colours_of(figure)
    assert len(np.unique(colours, axis=0)) == 37
    np.testing.assert_array_equal(colours[:3], colours[37:])


def boxes(axes):
    return np.array([image.get_extent() for image in axes.images])


def test_thumbnails_lie_at_their_points_and_never_overlap(points, pictures):
    (axes,) = plots.projection(points, pictures).axes

    left, right, bottom, top = boxes(axes).T
    centres = np.stack([left + right, bottom + top], axis=1) / 2
    offsets = np.abs(centres[:, None] - points).max(axis=-1)
    shown = offsets.argmin(axis=1)
    np.testing.assert_allclose(offsets.min(axis=1), 0.0, atol=1e-9)
    assert 10 < len(shown) == len(set(shown))
    for image, row in zip(axes.images, shown, strict=True):
        np.testing.assert_array_equal(image.get_array(), pictures[row, ..., 0])
    overlap_across = (left[:, None] < right) & (left < right[:, None])
    overlap_up = (bottom[:, None] < top) & (bottom < top[:, None])
    assert (overlap_across & overlap_up).sum() == len(shown)


def test_thumbnails_keep_their_shape_and_lie_within_the_figure(points, pictures):
    figure = plots.projection(points, pictures)

    figure.draw_without_rendering()
    (axes,) = figure.axes
    left, right, bottom, top = boxes(axes).T
    np.testing.assert_allclose((right - left) / (top - bottom), 2.0)
    across = axes.transData.transform([[0, 0], [1, 1]])
    np.testing.assert_allclose(*(across[1] - across[0]), rtol=1e-6)
    (x_low, x_high), (y_low, y_high) = axes.get_xlim(), axes.get_ylim()
    assert x_low <= left.min()
    assert right.max() <= x_high
    assert y_low <= bottom.min()
    assert top.max() <= y_high


def test_thumbnails_are_framed_in_the_colour_of_their_label(points, pictures):
    labels = (points[:, 0] > 0).astype(int)

    (axes,) = plots.projection(points, pictures, labels).axes

    assert len(axes.patches) == len(axes.images)
    for frame in axes.patches:
        centre = frame.get_x() + frame.get_width() / 2
        assert frame.get_edgecolor() == to_rgba(CLASS_COLOURS[int(centre > 0)])


def test_of_a_dict_the_image_is_shown(points, pictures):
    images = {"label": np.zeros((40, 10)), "picture": np.repeat(pictures, 3, axis=-1)}

    (axes,) = plots.projection(points, images).axes

    assert axes.images[0].get_array().shape == (4, 8, 3)


@pytest.mark.parametrize("points", [[[1.0, 2.0]], [[1.0, 2.0], [1.0, 2.0]]])
def test_points_at_one_place_are_drawn(points, pictures, tmp_path):
    figure = plots.projection(points, pictures[: len(points)])

    plots.save(figure, tmp_path / "points.png")
    assert len(figure.axes[0].images) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": np.zeros((40, 3))}, r"`points` must have the latent dimension 2"),
        ({"points": np.zeros((0, 2))}, r"`points` must not be empty"),
        ({"points": np.full((40, 2), np.nan)}, r"`points` must be finite"),
        ({"images": np.zeros((3, 4, 4, 1))}, r"`images` .* of the 40 .*: 3 images"),
        ({"labels": [1, 2]}, r"`labels` .* of the 40 .* shape \(2,\)"),
        ({"labels": [3] * 40, "class_names": ["a"]}, r"`labels` .* below 1\."),
    ],
)
def test_errors_name_the_argument(points, options, message):
    with pytest.raises(ValueError, match=message):
        plots.projection(**{"points": points} | options)


def test_a_sample_is_said_to_be_one(points):
    figure = plots.projection(points, sampled_from=12_345)
    assert figure.axes[0].get_xlabel() == "a sample: 40 of 12,345"
    assert plots.projection(points, sampled_from=40).axes[0].get_xlabel() == ""
    with pytest.raises(ValueError, match=r"at least the number of points, 40.*from=39"):
        plots.projection(points, sampled_from=39)
