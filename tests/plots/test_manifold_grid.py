import keras
import numpy as np
import pytest
from scipy import stats

from keras_latent import plots
from keras_latent.distributions import Normal


class Affine:
    """A model whose pixels show its code, brought from [-4, 4] to [0, 1]."""

    latent_dim = 3
    code_shape = (3,)
    has_prior = True

    def __init__(self, prior=None):
        self.prior = prior or Normal()

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
    figure = plots.manifold_grid(mixed_model, size=2, codes=np.eye(3))

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


def test_a_model_without_a_prior_wants_codes(model):
    with pytest.raises(
        ValueError, match=r"`codes` must be given .* codes=None for Pix"
    ):
        plots.manifold_grid(model)


class Prior:
    """Takes the place of a prior that is neither normal nor around 0."""

    def __init__(self, space, draw):
        self.space = space
        self.draw = draw

    def sample(self, parameters=None, seed=None, shape=()):
        assert isinstance(seed, keras.random.SeedGenerator)
        return self.draw(np.random.default_rng(0), shape)


def test_quantiles_of_draws_of_another_prior(shown):
    prior = Prior("real", lambda rng, shape: rng.uniform([1, -3, 2], [3, -1, 4], shape))
    codes = codes_shown(shown(plots.manifold_grid(Affine(prior), size=4)), 4)

    np.testing.assert_allclose(codes[0, :, 0], [1.25, 1.75, 2.25, 2.75], atol=0.05)
    np.testing.assert_allclose(codes[:, 0, 1], [-1.25, -1.75, -2.25, -2.75], atol=0.05)
    np.testing.assert_allclose(codes[..., 2], 3.0, atol=0.05)


def on_sphere(rng, shape):
    draws = rng.normal(size=shape)
    return draws / np.linalg.norm(draws, axis=-1, keepdims=True)


def test_on_a_sphere_every_code_has_the_length_1(shown):
    # Of the uniform distribution on a sphere in space, each coordinate is uniform.
    codes = codes_shown(
        shown(plots.manifold_grid(Affine(Prior("sphere", on_sphere)), size=5)), 5
    )

    np.testing.assert_allclose(np.linalg.norm(codes, axis=-1), 1.0, atol=1e-4)
    np.testing.assert_allclose(codes[2, :, 0], [-0.8, -0.4, 0, 0.4, 0.8], atol=0.03)
    np.testing.assert_allclose(codes[:, 2, 1], [0.8, 0.4, 0, -0.4, -0.8], atol=0.03)
    # The corners are beyond the sphere, whose rim they are brought to.
    np.testing.assert_allclose(codes[0, 0], [-(0.5**0.5), 0.5**0.5, 0], atol=0.03)


def test_a_circle_is_no_plane():
    model = Affine(Prior("sphere", on_sphere))
    model.latent_dim, model.code_shape = 2, (2,)
    with pytest.raises(ValueError, match=r"at least three .* code_shape=\(2,\)"):
        plots.manifold_grid(model)


def test_of_maps_two_elements_move(maps):
    figure = plots.manifold_grid(maps, size=3, dimensions=(0, 7))

    decoded = maps.seen.reshape(3, 3, 8)
    np.testing.assert_array_equal(decoded[..., 1:7], 0.0)
    third = stats.norm.ppf(5 / 6)
    np.testing.assert_allclose(decoded[1, :, 0], [-third, 0, third], rtol=1e-6)
    np.testing.assert_allclose(decoded[:, 1, 7], [third, 0, -third], rtol=1e-6)
    assert figure.axes[0].get_xlabel() == "dimension 0"
