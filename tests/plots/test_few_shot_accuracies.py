import numpy as np
import pytest

from keras_latent import plots
from keras_latent.metrics import Score


def score(shots, value, interval=None, ways=5):
    protocol = {"shots": shots, "ways": ways, "chance": 1 / ways}
    return Score(value, protocol, interval)


def test_curves_with_their_bands_and_chance():
    scores = {
        "codes": [score(5, 0.8, 0.1), score(1, 0.6, 0.2)],
        "pixels": [score(1, 0.3)],
    }
    (axes,) = plots.few_shot_accuracies(scores).axes
    codes, pixels, chance = axes.lines
    np.testing.assert_allclose(codes.get_xydata(), [[1, 0.6], [5, 0.8]])
    np.testing.assert_allclose(pixels.get_xydata(), [[1, 0.3]])
    assert set(chance.get_ydata()) == {0.2}
    band, without = (one.get_paths()[0].vertices for one in axes.collections)
    for point in ([1, 0.4], [1, 0.8], [5, 0.7], [5, 0.9]):
        assert np.isclose(band, point).all(axis=1).any()
    np.testing.assert_allclose(without[:, 1], 0.3)
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "5"]
    assert axes.get_title("left") == "5 classes"
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["codes", "pixels", "guessing"]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({}, "`scores` must hold at least one score"),
        ({"codes": []}, "`scores` must hold at least one score"),
        ({"codes": [Score(0.5, {"k": 5})]}, r"of `metrics.few_shot_accuracy`.*'k': 5"),
        ({"a": [score(1, 0.5)], "b": [score(1, 0.5, ways=2)]}, r"ways=\[2, 5\]"),
    ],
)
def test_errors(scores, message):
    with pytest.raises(ValueError, match=message):
        plots.few_shot_accuracies(scores)
