"""What is explored, and what can't be."""

import io
import sys

import keras
import numpy as np
import pytest
from PIL import Image

import keras_latent as kl
from keras_latent.explorer import Exploration
from keras_latent.explorer.atlas import AtlasWriter, as_bytes, as_png
from keras_latent.explorer.maps import principal_plane
from keras_latent.plots.class_colours import CLASS_COLOURS
from tests.explorer.conftest import COUNT, SHAPE
from tests.explorer.test_server import unpacked


class TestExploration:
    def test_holds_what_the_model_makes(self, vae, images, labels):
        explored = Exploration(vae, images, labels, ["x", "y", "z"], title="Three")
        header, arrays = unpacked(explored.packed({"more": 1}))
        assert header["title"] == "Three"
        assert header["more"] == 1
        assert header["classes"] == ["x", "y", "z"]
        assert header["conditions"] is None
        np.testing.assert_allclose(arrays["codes"], vae.encode(images), atol=1e-6)
        errors = np.mean((images - vae.reconstruct(images)) ** 2, axis=(1, 2, 3))
        np.testing.assert_allclose(arrays["errors"], errors, rtol=1e-5)
        atlas = np.asarray(Image.open(io.BytesIO(arrays["atlas"].tobytes())))
        row, column = divmod(30, header["atlas"]["columns"])
        cell = atlas[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        np.testing.assert_array_equal(cell, as_bytes(images[30])[..., 0])

    def test_says_of_what_it_shows_how_much(self, vae, images, labels):
        names = ["x", "y", "z", "never_seen"]
        explored = Exploration(
            vae, images, labels, names, limit=10, data="the split test of noise"
        )
        header, arrays = unpacked(explored.packed())
        assert (header["count"], header["total"]) == (10, COUNT)
        assert header["data"] == "the split test of noise"
        found = np.unique(arrays["labels"])
        assert header["classes"] == [*"xyz"]
        assert header["class_colours"] == list(CLASS_COLOURS[:3])
        assert len(found) == 3
        assert header["absent_classes"] == ["never_seen"]
        header, _ = unpacked(Exploration(vae, images).packed())
        assert header["absent_classes"] == header["class_colours"] == []
        assert (header["count"], header["total"]) == (COUNT, COUNT)
        assert header["data"] is None

    def test_of_more_images_the_seed_draws(self, vae, images, labels):
        drawn = [
            Exploration(vae, images, labels, limit=10, seed=seed).codes
            for seed in (0, 0, 1)
        ]
        np.testing.assert_array_equal(drawn[0], drawn[1])
        assert drawn[0].shape == (10, 4)
        assert not np.array_equal(drawn[0], drawn[2])

    def test_the_first_image_of_a_dict(self):
        networks = {"image": SHAPE, "category": (3,)}
        model = kl.models.VAE(
            kl.networks.mixed_encoder(networks, 4),
            kl.networks.mixed_decoder(
                networks, 2, {"image": "sigmoid", "category": "softmax"}, 4
            ),
            {"image": "bernoulli", "category": "categorical"},
        )
        generator = np.random.default_rng(0)
        given = {
            "image": generator.random((5, *SHAPE), "float32"),
            "category": np.eye(3, dtype="float32")[[0, 1, 2, 0, 1]],
        }
        explored = Exploration(model, given)
        assert explored.decode(np.zeros((2, 2))).shape == (2, *SHAPE)
        assert explored.image_shape == SHAPE

    def test_a_sampler_draws_instead_of_the_prior(self, vae, images):
        sampler = kl.samplers.Normal(vae)
        sampler.fit(images)
        explored = Exploration(vae, images, sampler=sampler)
        header, _ = unpacked(explored.packed())
        assert header["sampled_from"] == "the sampler Normal"
        drawn = explored.drawn_codes(3, seed=5)
        np.testing.assert_array_equal(drawn, sampler.sample_codes(3, seed=5))

    def test_a_second_map(self, vae, images, monkeypatch):
        found = np.random.default_rng(0).normal(size=(COUNT, 2)) * 50
        projected = []

        def project(codes, method, seed, verbose):
            projected.append((codes.shape, method, seed, verbose))
            return found

        monkeypatch.setattr("keras_latent.explorer.maps.project", project)
        header, arrays = unpacked(Exploration(vae, images, projection="tsne").packed())
        assert header["maps"] == ["tsne", "pca"]
        assert projected == [((COUNT, 4), "tsne", 0, 0)]
        points = arrays["points_tsne"]
        assert points.min(axis=0) == pytest.approx(-points.max(axis=0), abs=1e-5)
        assert np.abs(points).max() == pytest.approx(1, abs=1e-5)
        shrunk = (points[0] - points[1]) / (found[0] - found[1])
        assert shrunk[0] == pytest.approx(shrunk[1], rel=1e-4)

    def test_refusals(self, vae, images, labels):
        with pytest.raises(ValueError, match="`model` must be a latent model"):
            Exploration(keras.Sequential([keras.Input((2,))]), images)
        with pytest.raises(ValueError, match="`projection` must be one of 'pca'"):
            Exploration(vae, images, projection="mds")
        with pytest.raises(ValueError, match="`limit` must be a positive integer"):
            Exploration(vae, images, limit=0)
        with pytest.raises(ValueError, match="one label for each of the 40 images"):
            Exploration(vae, images, labels[:3])
        with pytest.raises(ValueError, match="`images` must hold at least two"):
            Exploration(vae, images[:1])
        with pytest.raises(ValueError, match="`x` must have the shape"):
            Exploration(vae, images[:, :4])

    def test_more_images_than_tsne_ends_with(self, vae, images, monkeypatch):
        monkeypatch.setattr("keras_latent.explorer.exploration.MOST_BY_TSNE", 30)
        message = r"`limit` must be at most 30 for projection='tsne'.*limit=35"
        with pytest.raises(ValueError, match=message):
            Exploration(vae, images, limit=35, projection="tsne")

    def test_samplers_of_something_else(self, vae, images):
        with pytest.raises(ValueError, match="`sampler` must be a sampler of"):
            Exploration(vae, images, sampler=vae.prior)
        other = kl.models.Autoencoder.for_images(SHAPE, latent_dim=4)
        with pytest.raises(ValueError, match="a sampler of another model"):
            Exploration(vae, images, sampler=kl.samplers.Normal(other))

    def test_numbers_as_a_condition(self, images):
        model = kl.models.ConditionalVAE.for_images(SHAPE, 2, condition_size=5)
        with pytest.raises(ValueError, match=r"must be told classes.* told 5 numbers"):
            Exploration(model, images)


class TestPage:
    def test_large_images_lie_in_it_whole(self, tmp_path, monkeypatch):
        monkeypatch.setattr("keras_latent.explorer.exploration.LARGEST_SIDE", 16)
        model = kl.models.Autoencoder.for_images((8, 12, 3), latent_dim=1)
        images = np.random.default_rng(0).random((5, 8, 12, 3), "float32")
        explored = Exploration(model, images)
        assert explored.thumbnails.cell == (3, 5)
        assert not explored.thumbnails_are_whole
        from keras_latent.explorer.decoder_graph import DecoderGraph
        from keras_latent.explorer.static_page import content

        header, arrays = unpacked(content(explored, DecoderGraph(model)))
        assert header["sampled_from"] is None
        assert "drawn" not in arrays
        start, end = arrays["original_ends"][2:4]
        file = io.BytesIO(arrays["originals"][start:end].tobytes())
        np.testing.assert_array_equal(Image.open(file), as_bytes(images[3]))


def test_thumbnails_are_means_of_pixels():
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 256, (5, 8, 4, 3), np.uint8)
    writer = AtlasWriter(5, (8, 4, 3), largest_side=12)
    writer.add(pictures[:2])
    writer.add(pictures[2:])
    atlas = writer.atlas()
    assert (atlas.columns, atlas.cell) == (3, (6, 3))
    height, width = atlas.cell
    last = atlas.pixels[height : 2 * height, width : 2 * width]
    assert abs(float(last.mean()) - float(pictures[4].mean())) < 2
    decoded = Image.open(io.BytesIO(as_png(pictures[0])))
    np.testing.assert_array_equal(decoded, pictures[0])


class TestMaps:
    def test_the_plane_is_that_of_the_largest_variances(self):
        generator = np.random.default_rng(0)
        codes = generator.normal(size=(500, 5)) * [0.1, 3.0, 0.2, 9.0, 0.1] + 4
        plane = principal_plane(codes)
        values, vectors = np.linalg.eigh(np.cov(codes.T))
        for axis, known in zip(plane.axes, vectors.T[[-1, -2]], strict=True):
            assert abs(axis @ known) == pytest.approx(1, abs=1e-5)
            assert axis[np.abs(axis).argmax()] > 0
        wanted = (codes - codes.mean(axis=0)) @ plane.axes.T
        np.testing.assert_allclose(plane.points, wanted, atol=1e-4)
        assert plane.points.var(axis=0, ddof=1) == pytest.approx(
            values[[-1, -2]], rel=1e-4
        )

    @pytest.mark.parametrize("codes", [np.ones((4, 3)), np.arange(4.0)[:, None]])
    def test_codes_without_a_plane(self, codes):
        plane = principal_plane(codes)
        assert np.isfinite(plane.points).all()
        rebuilt = plane.mean + plane.points @ plane.axes
        np.testing.assert_allclose(rebuilt, codes, atol=1e-6)


def test_the_extra_is_named_where_it_is_missing(vae, images, monkeypatch):
    for name in ("anywidget", "uvicorn"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'keras_latent\[explorer\]'"):
        kl.explorer(vae, images)
    with pytest.raises(ImportError, match=r"pip install 'keras_latent\[explorer\]'"):
        kl.explorer.serve(Exploration(vae, images))
