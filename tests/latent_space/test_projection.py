import sys
from types import SimpleNamespace

import numpy as np
import pytest

from keras_latent.latent_space import nearest, project, sample_rows


def three_groups(count, seed=0):
    """Codes of three groups that lie far from each other, and their groups."""
    generator = np.random.default_rng(seed)
    groups = np.arange(count) % 3
    return 20.0 * np.eye(3, 8)[groups] + generator.normal(size=(count, 8)), groups


def test_principal_components_by_hand():
    codes, _ = three_groups(30)
    centred = codes - codes.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)

    projected = project(codes, dimensions=3)

    expected = centred @ directions[:, :-4:-1]
    np.testing.assert_allclose(np.abs(projected), np.abs(expected), atol=1e-10)


@pytest.mark.parametrize("method", ["pca", "tsne"])
class TestMethods:
    def test_neighbours_stay_in_their_group(self, method):
        codes, groups = three_groups(60)

        projected = project(codes, method)

        assert projected.shape == (60, 2)
        neighbours = nearest(projected, projected, k=6).indices
        assert (groups[neighbours] == groups[:, None]).mean() > 0.95

    def test_same_seed_same_projection(self, method):
        codes, _ = three_groups(20)

        np.testing.assert_array_equal(
            project(codes, method, seed=3), project(codes, method, seed=3)
        )

    def test_equal_codes_are_one_point(self, method):
        projected = project(np.full((8, 4), 0.1), method)

        np.testing.assert_array_equal(projected, np.zeros((8, 2)))

    def test_codes_that_hardly_differ(self, method):
        codes = np.ones((8, 4), "float32")
        codes[3] += 1e-6

        assert np.isfinite(project(codes, method)).all()

    def test_codes_whose_squares_underflow(self, method):
        codes, _ = three_groups(9)

        assert np.isfinite(project((1e-30 * codes).astype("float32"), method)).all()

    def test_one_dimension(self, method):
        assert project(np.arange(6.0)[:, None], method, dimensions=1).shape == (6, 1)


@pytest.mark.parametrize(
    ("method", "dimensions", "least"),
    [("pca", 2, 3), ("pca", 4, 5), ("tsne", 2, 5), ("umap", 2, 5), ("umap", 4, 6)],
)
def test_refuses_too_few_codes(method, dimensions, least):
    codes = np.random.default_rng(0).normal(size=(least, 4))

    message = rf"`codes` .* at least {least} .* Received: .* \({least - 1}, 4\)"
    with pytest.raises(ValueError, match=message):
        project(codes[1:], method, dimensions)
    if method != "umap":
        assert project(codes, method, dimensions).shape == (least, dimensions)


@pytest.mark.parametrize(
    ("method", "dimensions", "most"),
    [("pca", 9, 8), ("tsne", 4, 3), ("umap", 9, 8)],
)
def test_refuses_too_many_dimensions(method, dimensions, most):
    with pytest.raises(ValueError, match=rf"at most {most} .*dimensions={dimensions}"):
        project(np.ones((20, 8)), method, dimensions)


def test_refuses_an_unknown_method():
    with pytest.raises(ValueError, match=r"'tsne', 'umap'\. Received: method='x'"):
        project(np.ones((20, 8)), "x")


def test_says_how_to_install_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)

    with pytest.raises(ImportError, match="pip install umap-learn"):
        project(three_groups(9)[0], "umap")


def test_tells_umap_what_to_do(monkeypatch):
    given = {}

    def create(**arguments):
        given.update(arguments)
        return SimpleNamespace(fit_transform=lambda codes: codes[:, :3])

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=create))
    codes, _ = three_groups(9)

    projected = project(codes, "umap", dimensions=3, seed=7)

    np.testing.assert_array_equal(projected, codes[:, :3])
    assert given.items() >= {"n_components": 3, "n_neighbors": 8}.items()
    assert given["random_state"] == 7


def test_refuses_more_than_tsne_ends_with():
    message = r"at most 20,000 codes for method='tsne'.*sample.*\(20001, 2\)"
    with pytest.raises(ValueError, match=message):
        project(np.zeros((20_001, 2)), "tsne")


@pytest.mark.parametrize("verbose", [0, 1])
def test_tsne_says_where_it_stands(verbose, capsys):
    codes = np.random.default_rng(0).normal(size=(12, 3))
    points = project(codes, "tsne", verbose=verbose)
    assert ("Iteration 50" in capsys.readouterr().out) == bool(verbose)
    np.testing.assert_array_equal(points, project(codes, "tsne"))
    with pytest.raises(ValueError, match="`verbose` must be one of 0, 1"):
        project(codes, "tsne", verbose=2)


def test_a_sample_of_rows():
    rows = sample_rows(1000, 50, seed=3)
    assert len(np.unique(rows)) == 50
    assert (np.diff(rows) > 0).all()
    assert rows.min() >= 0
    assert rows.max() < 1000
    np.testing.assert_array_equal(rows, sample_rows(1000, 50, seed=3))
    assert (rows != sample_rows(1000, 50, seed=4)).any()
    with pytest.raises(ValueError, match="`most` must be a positive integer"):
        sample_rows(3, 0)
