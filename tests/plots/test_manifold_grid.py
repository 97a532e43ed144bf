import numpy as np
import pytest
from scipy import stats

from keras_latent import plots


class Affine:
    """A model whose pixels show its code, brought from [-4, 4] to [0, 1]."""

    latent_dim = 3

    def decode(self, codes):
        return (np.stack([codes, codes], axis=1)[..., None] + 4) / 8


def codes_shown(grid, size):
    """The code at each place of the grid, (size, size, latent_dim)."""
    places = [[grid.top(row, column) for column in range(size)] for row in range(size)]
    return 8 * np.array(places) - 4


def test_quantiles_of_the_prior_from_left_to_right_and_upwards(shown):
    grid = shown(plots.manifold_grid(Affine(), size=4))

    quantiles = stats.norm.ppf([0.125, 0.375, 0.625, 0.875])
    codes = codes_shown(grid, 4)
    np.testing.assert_allclose(codes[2, :, 0], quantiles, atol=1e-5)
    np.testing.assert_allclose(codes[:, 3, 1], quantiles[::-1], atol=1e-5)
    np.testing.assert_allclose(codes[..., 2], 0.0, atol=1e-5)
    assert grid.column_labels == ["-1.2", "-0.32", "0.32", "1.2"]
    assert grid.row_labels == ["1.2", "0.32", "-0.32", "-1.2"]
    labels = grid.axes.get_xlabel(), grid.axes.get_ylabel()
    assert labels == ("dimension 0", "dimension 1")


def test_of_codes_the_widest_dimensions_around_the_mean(shown):
    codes = np.array([[0.1, 1.0, 3.0], [0.3, 2.0, -1.0]])

    grid = shown(plots.manifold_grid(Affine(), size=3, codes=codes))

    drawn = codes_shown(grid, 3)
    third = stats.norm.ppf(5 / 6)
    np.testing.assert_allclose(
        drawn[0, :, 2], [1 - 2 * third, 1, 1 + 2 * third], atol=1e-5
    )
    np.testing.assert_allclose(
        drawn[:, 0, 1], [1.5 + 0.5 * third, 1.5, 1.5 - 0.5 * third], atol=1e-5
    )
    np.testing.assert_allclose(drawn[..., 0], 0.2, atol=1e-5)
    labels = grid.axes.get_xlabel(), grid.axes.get_ylabel()
    assert labels == ("dimension 2", "dimension 1")


def test_the_dimensions_named_are_drawn(shown):
    grid = shown(plots.manifold_grid(Affine(), size=3, dimensions=(2, 0)))

    codes = codes_shown(grid, 3)
    np.testing.assert_allclose(codes[..., 1], 0.0, atol=1e-5)
    assert (np.diff(codes[1, :, 2]) > 0.5).all()
    assert (np.diff(codes[:, 1, 0]) < -0.5).all()


def test_of_a_dict_the_image_is_shown(mixed_model):
    figure = plots.manifold_grid(mixed_model, size=2)

    assert figure.axes[0].images[0].get_array().shape == (5, 7, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, r"`size` .* Received: size=0"),
        ({"dimensions": (0, 3)}, r"`dimensions` .* below 3\. .*=\(0, 3\)"),
        ({"dimensions": (-1, 0)}, r"`dimensions` .* Received: dimensions=\(-1, 0\)"),
        ({"dimensions": (1, 1)}, r"`dimensions` must be two different indices"),
        ({"dimensions": (0, 1, 2)}, r"`dimensions` must be two different indices"),
        ({"codes": np.zeros((5, 2))}, r"`codes` must have the latent dimension 3"),
        ({"codes": np.zeros((0, 3))}, r"`codes` must not be empty"),
    ],
)
def test_errors_name_the_argument(options, message):
    with pytest.raises(ValueError, match=message):
        plots.manifold_grid(Affine(), **options)


def test_refuses_a_code_of_one_dimension(model):
    model.latent_dim = 1

    with pytest.raises(ValueError, match=r"`model` .* Received: .*latent_dim=1"):
        plots.manifold_grid(model)
