import numpy as np
import pytest

from keras_latent import plots


class Inverter:
    """Takes a model's place: what it decodes has one grey value."""

    def __init__(self, value):
        self.value = value

    def target(self, x):
        return x

    def predict(self, x, verbose):
        return np.full_like(x, self.value)

    def ablate(self, x):
        return np.full_like(x, 1 - self.value)


def test_a_row_for_each_model_and_the_last_one_ablated(images, shown):
    models = {"concat": Inverter(0.25), "hyper": Inverter(0.75)}
    sections = {"training": images, "unseen": images[::-1]}
    grid = shown(plots.inversions(models, sections), gaps=(2,))
    assert grid.row_labels == ["original", "concat", "hyper", "ablated"]
    assert [name for name in grid.column_labels if name] == ["training", "unseen"]
    np.testing.assert_array_equal(grid.top(0, 0), images[0, 0, :, 0])
    np.testing.assert_array_equal(grid.top(0, 2), images[1, 0, :, 0])
    for row, value in ((1, 0.25), (2, 0.75), (3, 0.25)):
        for column in range(4):
            np.testing.assert_array_equal(grid.top(row, column), [value] * 3)


@pytest.mark.parametrize(
    ("models", "sections", "argument"),
    [({}, {"a": 1}, "models"), ({"hyper": Inverter(0.5)}, {}, "sections")],
)
def test_errors(models, sections, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must hold at least one entry"):
        plots.inversions(models, sections)
