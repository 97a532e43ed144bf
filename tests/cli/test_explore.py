"""The command `keras-latent explore`."""

import sys

import keras
import pytest
from typer.testing import CliRunner

import keras_latent as kl
from keras_latent.cli import app, exploring
from tests.cli.calling import failure, left_by_training

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
                "`path` must be in a folder that can be written",
            ),
        ],
    )
    def test_arguments(self, words, message, run_folder, monkeypatch, capsys):
        monkeypatch.setattr(exploring, "check_can_serve", lambda: None)
        assert message in failure(monkeypatch, capsys, "explore", run_folder, *words)

    def test_without_the_extra(self, run_folder, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "starlette", None)
        said = failure(monkeypatch, capsys, "explore", run_folder)
        assert "pip install 'keras_latent[explorer]'" in said
        assert "`--static` needs neither" in said
