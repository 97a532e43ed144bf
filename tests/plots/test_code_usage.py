import numpy as np
import pytest

from keras_latent import plots
from keras_latent.plots.style import TRAIN_COLOUR, UNUSED_COLOUR


def codes_of_variances(*variances):
    """Two codes whose dimensions have these variances."""
    deviations = np.sqrt(variances)
    return np.stack([5 + deviations, 5 - deviations])


def bars(figure):
    """Dimension, height and whether it is marked active, from left to right."""
    from matplotlib.colors import to_rgba

    (axes,) = figure.axes
    colours = {to_rgba(TRAIN_COLOUR): True, to_rgba(UNUSED_COLOUR): False}
    return [
        (label.get_text(), round(bar.get_height(), 9), colours[bar.get_facecolor()])
        for label, bar in zip(axes.get_xticklabels(), axes.patches, strict=True)
    ]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_variances_are_sorted_and_the_active_marked():
    figure = plots.code_usage(codes_of_variances(0.001, 2.0, 0.0101, 0.0099))

    assert bars(figure) == [
        ("1", 2.0, True),
        ("2", 0.0101, True),
        ("3", 0.0099, False),
        ("0", 0.001, False),
    ]
    assert legend(figure) == ["active: 2", "inactive: 2", "variance 0.01"]
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "variance of the code"
    assert set(axes.lines[0].get_ydata()) == {0.01}


def test_kl_is_drawn_in_nats_and_activity_stays_that_of_the_variance():
    codes = codes_of_variances(1.0, 0.001, 0.5)

    figure = plots.code_usage(codes, kl=[0.5, 0.1, 3.0])

    assert bars(figure) == [("2", 3.0, True), ("0", 0.5, True), ("1", 0.1, False)]
    assert legend(figure) == ["active: 2", "inactive: 1"]
    (axes,) = figure.axes
    assert axes.get_yscale() == "linear"
    assert axes.get_ylabel() == "KL divergence (nats)"


@pytest.mark.parametrize("variances", [(0.0, 0.0), (1.0, 0.0), (1e-30, 4.0)])
def test_dimensions_without_variance_can_be_drawn(variances, tmp_path):
    figure = plots.code_usage(codes_of_variances(*variances))

    plots.save(figure, tmp_path / "usage.png")
    low, high = figure.axes[0].get_ylim()
    assert 1e-8 <= low < 0.01 < high


def test_of_many_dimensions_the_bars_have_no_number():
    codes = np.random.default_rng(0).normal(size=(10, 65))

    (axes,) = plots.code_usage(codes).axes

    assert len(axes.patches) == 65
    assert list(axes.get_xticks()) == []


@pytest.mark.parametrize(
    ("codes", "kl", "message"),
    [
        (np.zeros(3), None, r"`codes` must have the shape .* shape \(3,\)"),
        (np.zeros((1, 3)), None, r"`codes` .* two images.* shape \(1, 3\)"),
        (np.full((2, 3), np.nan), None, r"`codes` must be finite.* 6 values"),
        (np.zeros((2, 3)), [1.0, 2.0], r"`kl` must have the latent dimension 3"),
        (np.zeros((2, 3)), [1.0, 2.0, np.inf], r"`kl` must be finite"),
    ],
)
def test_errors_name_the_argument(codes, kl, message):
    with pytest.raises(ValueError, match=message):
        plots.code_usage(codes, kl)
