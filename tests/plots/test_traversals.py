import numpy as np
import pytest

from keras_latent import plots


class Wide:
    """A model of 40 dimensions that decodes to one pixel, their sum."""

    latent_dim = 40
    code_shape = (40,)

    def decode(self, codes):
        return codes.sum(axis=1).reshape(-1, 1, 1, 1)


def test_each_row_moves_its_dimension_alone(model, shown):
    figure = plots.traversals(model, [0.1, 0.2, 0.3], values=[0.5, 0.7])

    grid = shown(figure)
    assert grid.row_labels == ["0", "1", "2"]
    assert grid.column_labels == ["0.5", "0.7"]
    np.testing.assert_allclose(grid.top(0, 0), [0.5, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(grid.top(0, 1), [0.7, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(grid.top(2, 1), [0.1, 0.2, 0.7], rtol=1e-6)
    labels = grid.axes.get_xlabel(), grid.axes.get_ylabel()
    assert labels == ("value", "dimension")


def test_the_dimensions_named_are_drawn_in_their_order(model, shown):
    dimensions = (dimension for dimension in (2, 0))

    figure = plots.traversals(model, [0.1, 0.2, 0.3], dimensions, values=[0.9])

    grid = shown(figure)
    assert grid.row_labels == ["2", "0"]
    np.testing.assert_allclose(grid.top(0, 0), [0.1, 0.2, 0.9], rtol=1e-6)
    np.testing.assert_allclose(grid.top(1, 0), [0.9, 0.2, 0.3], rtol=1e-6)


def test_rows_are_called_as_told(model, shown):
    labels = ["width", "height"]
    figure = plots.traversals(model, np.zeros(3), [2, 0], [0.5], row_labels=labels)

    assert shown(figure).row_labels == labels


def test_values_span_three_deviations_of_the_prior(model, shown):
    grid = shown(plots.traversals(model, np.zeros(3)))

    assert grid.column_labels == [
        *("-3", "-2.25", "-1.5", "-0.75", "0", "0.75", "1.5", "2.25", "3")
    ]


def test_of_many_dimensions_the_first_twelve_are_drawn(shown):
    grid = shown(plots.traversals(Wide(), np.zeros(40), values=[0.5]))

    assert grid.row_labels == [str(dimension) for dimension in range(12)]


def test_with_codes_those_that_vary_most_come_first(shown):
    spread = np.arange(40.0)[::-1].copy()
    spread[7] = 50.0
    codes = np.array([[-1.0], [1.0]]) * spread

    figure = plots.traversals(Wide(), np.zeros(40), values=[0.5], codes=codes)

    numbers = [7, *range(7), *range(8, 12)]
    assert shown(figure).row_labels == [str(number) for number in numbers]


def test_more_are_drawn_if_they_are_named(shown):
    figure = plots.traversals(Wide(), np.zeros(40), range(40), values=[0.5])

    assert len(shown(figure).row_labels) == 40


@pytest.mark.parametrize(
    ("code", "options", "message"),
    [
        (np.zeros(2), {}, r"`code` must have the latent dimension 3"),
        (np.zeros((1, 3)), {}, r"`code` must have the shape .* shape \(1, 3\)"),
        ([0.0, np.nan, 0.0], {}, r"`code` must be finite"),
        (np.zeros(3), {"dimensions": [3]}, r"`dimensions` .* from 0 to 2"),
        (np.zeros(3), {"codes": np.zeros((5, 2))}, "`codes` must have the latent dim"),
        (np.zeros(3), {"row_labels": ["one"]}, "`row_labels` .*3 dimensions.*length 1"),
        (np.zeros(3), {"values": []}, r"`values` must not be empty"),
    ],
)
def test_errors_name_the_argument(model, code, options, message):
    with pytest.raises(ValueError, match=message):
        plots.traversals(model, code, **options)
