import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import keras_latent as kl
from keras_latent.cli import app
from tests.cli.calling import failure, left_by_training

SHAPE = (8, 8, 1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved model of images as those of the folder."""
    keras.utils.set_random_seed(0)
    networks = {
        "encoder": kl.networks.dense_encoder(SHAPE, (4,)),
        "decoder": kl.networks.dense_decoder(SHAPE, 2, (4,)),
    }
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    kl.models.Autoencoder(**networks).save(path)
    return path


@pytest.fixture
def run_folder(saved, image_folder, tmp_path):
    """What a training leaves, as far as an export looks at it."""
    return left_by_training(tmp_path / "run", saved, image_folder)


def test_a_run_is_checked_on_its_own_images(run_folder, image_folder):
    words = ["export", str(run_folder), "--format", "keras", "--part", "encoder"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.exception
    path = run_folder / "export" / "encoder.keras"
    said = " ".join(result.output.split())
    assert said.startswith(f"{path}: 0.0")
    assert said.endswith("on 64 images at most")
    model = kl.load_model(run_folder / "model.keras")
    images, _ = kl.datasets.arrays(image_folder, "test")
    error = np.mean((model.reconstruct(images) - images) ** 2)
    assert f"mean squared error {error:.6g} (the model's {error:.6g}" in said
    found = keras.saving.load_model(path)(images)
    np.testing.assert_allclose(found, model.encode(images), atol=1e-5)


def test_what_is_no_run_is_checked_on_random_images(saved, tmp_path):
    path = tmp_path / "a.keras"
    words = ["export", str(saved), "--format", "keras", "--int8", "--output", str(path)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.exception
    assert " ".join(result.output.split()).endswith("on random images")
    assert path.stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "pmml"], "`--format` must be one of 'onnx', 'litert'"),
        (["--part", "head"], "`--part` must be one of 'model', 'encoder', 'decoder'"),
        (["--output", "a.bin"], "`--output` must end in '.onnx' for format='onnx'"),
        (
            ["--format", "keras", "--int8", "--limit", "1e-9"],
            "more than `--limit`; nothing was kept",
        ),
    ],
)
def test_errors_leave_nothing(run_folder, monkeypatch, capsys, words, message):
    assert message in failure(monkeypatch, capsys, "export", run_folder, *words)
    assert not list((run_folder / "export").glob("*"))


def test_a_missing_model(tmp_path, monkeypatch, capsys):
    message = failure(monkeypatch, capsys, "export", tmp_path / "nothing")
    assert "`model` must be a saved model, a `.keras` file. Received: model=" in message


def test_empty_paths(saved, monkeypatch, capsys):
    message = failure(monkeypatch, capsys, "export", "")
    assert "Invalid value for 'MODEL': it must be a path. Received: ''" in message
    message = failure(monkeypatch, capsys, "export", saved, "--output", " ")
    assert "Invalid value for '--output': it must be a path." in message
