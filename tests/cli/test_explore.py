"""The command `keras-latent explore`."""

import sys

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import keras_latent as kl
from keras_latent.cli import app, exploring
from tests.cli.calling import called, failure, left_by_training

SHAPE = (8, 8, 1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved model of images as those of the folder."""
    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    kl.models.Autoencoder.for_images(SHAPE, latent_dim=2).save(path)
    return path


@pytest.fixture
def run_folder(saved, image_folder, tmp_path):
    """What a training leaves, as far as the explorer looks at it."""
    return left_by_training(tmp_path / "run", saved, image_folder)


def test_a_page_of_what_the_run_was_trained_on(run_folder, tmp_path):
    path = tmp_path / "page.html"
    words = ["explore", str(run_folder), "--static", str(path), "--limit", "10"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.exception
    assert f"The page is {path}" in result.output.replace("\n", "")
    text = path.read_text(encoding="utf-8")
    assert "<title>Autoencoder on images</title>" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the split test of images, held out from training"),
        (["--split", "train"], "the split train of images"),
        (["--dataset", "own"], "the split test of images"),
    ],
)
def test_the_page_is_told_which_split_it_shows(
    words, told, run_folder, image_folder, tmp_path, monkeypatch
):
    given = []
    monkeypatch.setattr(
        exploring.explorer,
        "write_page",
        lambda model, images, path, data, **options: (
            path.write_text(""),
            given.append((data, images.size)),
        ),
    )
    words = [str(image_folder) if word == "own" else word for word in words]
    called("explore", run_folder, "--static", tmp_path / "page.html", *words)
    ((data, count),) = given
    assert data == told
    opened = kl.datasets.open_dataset(image_folder)
    assert count == opened.split(told.split()[2]).size


def test_a_server_of_what_the_run_was_trained_on(run_folder, monkeypatch):
    served = []

    def serve(exploration, port, ready):
        served.append((exploration, port))
        ready("http://127.0.0.1:1/token/")

    monkeypatch.setattr(exploring.explorer, "serve", serve)
    monkeypatch.setattr(exploring, "check_can_serve", lambda: None)
    words = ["explore", str(run_folder), "--split", "train", "--port", "8123"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.exception
    assert "Open http://127.0.0.1:1/token/ in a browser" in result.output
    ((exploration, port),) = served
    assert (exploration.count, port) == (24, 8123)
    assert exploration.class_names == ("dark", "light")


def test_samples_of_a_sampler_by_its_name(run_folder, monkeypatch, tmp_path):
    model = kl.load_model(run_folder / "model.keras")
    sampler = kl.samplers.Normal(model).fit(np.random.rand(9, *SHAPE))
    (run_folder / "samplers").mkdir()
    file = run_folder / "samplers" / "normal.npz"
    sampler.save(file)
    drawn_from = []
    monkeypatch.setattr(
        exploring.explorer,
        "write_page",
        lambda model, images, path, sampler, **options: (
            path.write_text(""),
            drawn_from.append(sampler),
        ),
    )
    words = ["explore", run_folder, "--static", tmp_path / "page.html", "--sampler"]
    for said in ("norm", file):
        called(*words, said)
    for found in drawn_from:
        np.testing.assert_array_equal(found.state["mean"], sampler.state["mean"])
    assert len(drawn_from) == 2


class TestErrors:
    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--limit", "0"], "`--limit` must be a positive integer"),
            (["--projection", "mds"], "`--projection` must be one of 'pca', 'tsne'"),
            (["--port", "70000"], "`--port` must be a number in [0, 65535]"),
            (["--split", "dev"], "`--split` must be one of 'train', 'test'"),
            (
                ["--static", "none/page.html"],
                "`--static` must be in a folder that can be written to. Received: "
                "--static='none/page.html'",
            ),
            (["--static", ""], "Invalid value for '--static': it must be a path."),
            (
                ["--sampler", "gauss"],
                "`--sampler` must have been fitted to the model's codes: `keras-latent "
                "sample MODEL --sampler gaussian_mixture` does it. Received: "
                "--sampler='gauss', and no file",
            ),
            (["--sampler", "ma"], "`--sampler` is ambiguous: 'manifold', 'masked_"),
            (["--sampler", "fog"], "`--sampler` must be one of 'normal'"),
            (
                ["--sampler", "none.npz"],
                "`--sampler` must be a saved sampler, a file. "
                "Received: --sampler='none.npz'",
            ),
        ],
    )
    def test_arguments(self, words, message, run_folder, monkeypatch, capsys):
        monkeypatch.setattr(exploring, "check_can_serve", lambda: None)
        said = failure(monkeypatch, capsys, "explore", run_folder, *words)
        assert message in said.replace("│ ", "")

    def test_of_the_projection(self, run_folder, tmp_path, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "umap", None)
        words = ["--static", tmp_path / "page.html", "--projection", "umap"]
        said = failure(monkeypatch, capsys, "explore", run_folder, *words)
        assert "`--projection` 'umap' needs the package umap-learn" in said
        assert "Received: --projection='umap'" in said

    def test_without_the_extra(self, run_folder, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "starlette", None)
        said = failure(monkeypatch, capsys, "explore", run_folder)
        assert "pip install 'keras_latent[explorer]'" in said
        assert "`--static` needs neither" in said

    def test_without_the_archive_of_what_decodes(
        self, image_folder, tmp_path, monkeypatch, capsys
    ):
        pytest.importorskip("tf2onnx")
        decoder = keras.Sequential(
            [
                keras.Input((2,)),
                keras.layers.Dense(64),
                keras.layers.Reshape(SHAPE),
                keras.layers.DepthwiseConv2D(3, padding="same", name="deep"),
            ]
        )
        model = kl.models.Autoencoder.for_images(SHAPE, 2, decoder=decoder)
        model.save(tmp_path / "model.keras")
        run = left_by_training(tmp_path / "run", tmp_path / "model.keras", image_folder)
        monkeypatch.setenv("KERAS_LATENT_ONNXRUNTIME_WEB", str(tmp_path))
        for command in (
            ["explore", run, "--static", run / "explorer.html"],
            ["report", run, "--explorer"],
        ):
            before = sorted(run.iterdir())
            said = failure(monkeypatch, capsys, *command)
            assert "the layer 'deep' of class DepthwiseConv2D" in said.replace("│ ", "")
            assert "`npm pack onnxruntime-web@1` brings it" in said.replace("│ ", "")
            assert sorted(run.iterdir()) == before
