import csv
import json
import zipfile

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import keras_latent as kl
from keras_latent.cli import app, main
from tests.reports.reading import Page
from tests.tiers import rarely

SHAPE = (8, 8, 1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved model of images as those of the folder."""
    keras.utils.set_random_seed(0)
    model = kl.models.Autoencoder.for_images(SHAPE, latent_dim=2)
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    return path


@pytest.fixture
def run_folder(saved, image_folder, tmp_path):
    """What a training leaves, as far as a report looks at it."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "model.keras").write_bytes(saved.read_bytes())
    with open(folder / "history.csv", "w", newline="") as file:
        rows = [("epoch", "step", "loss"), (1, 5, 3.5), (2, 10, ""), (3, 15, 1.25)]
        csv.writer(file).writerows(rows)
    arguments = {"dataset": str(image_folder), "image_size": None, "epochs": 3}
    (folder / "config.json").write_text(json.dumps({"arguments": arguments}))
    return folder


def failure(monkeypatch, capsys, *words):
    """What the command says that fails."""
    monkeypatch.setattr("sys.argv", ["keras-latent", "report", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    printed = capsys.readouterr().err
    assert stop.value.code == 2
    assert "Traceback" not in printed
    return " ".join(printed.split())


def test_a_run_is_reported_on_with_what_it_was_trained_on(
    run_folder, image_folder, tmp_path
):
    result = CliRunner().invoke(app, ["report", str(run_folder)])

    assert result.exit_code == 0, result.exception
    path = run_folder / "report.html"
    assert f"The report is {path}" in result.output.replace("\n", "")
    page = Page(path.read_text(encoding="utf-8"))
    assert page.inside("h1") == ["Autoencoder on images"]
    data = "images, split test: 12 images, 8 by 8 pixels, grey"
    assert page.numbers["Data"][0] == data
    assert page.headings[:3] == ["Advice", "Numbers", "Learning curves"]
    curves = [i["alt"] for i in page.attributes("img") if "Curve of" in i["alt"]]
    assert curves == ["Curve of loss: training from 3.5 to 1.25."]
    model = kl.load_model(run_folder / "model.keras")
    images, labels = kl.datasets.arrays(image_folder, "test")
    error = np.mean((images - np.asarray(model.reconstruct(images))) ** 2)
    assert page.numbers["Mean squared error"][0] == f"{error:.4g}"
    accuracy = kl.metrics.knn_accuracy(
        *_codes_and_labels(model, image_folder, "train"), model.encode(images), labels
    )
    value, protocol = page.numbers["5-NN accuracy"]
    assert value == f"{100 * accuracy.value:.2f} %"
    assert "24 other images" in protocol
    # The model wasn't compiled; the command does it for the terms of the loss.
    assert "Loss" in page.numbers
    assert {file.name for file in run_folder.iterdir()} == {
        "config.json",
        "history.csv",
        "model.keras",
        "report.html",
    }


def _codes_and_labels(model, folder, split):
    images, labels = kl.datasets.arrays(folder, split)
    return model.encode(images), labels


@pytest.mark.all
def test_the_report_links_to_the_explorer_beside_it(run_folder, monkeypatch):
    monkeypatch.setattr("keras_latent.reports.report.sections", lambda *_: [])
    words = ["report", str(run_folder), "--limit", "4"]

    def links(*more):
        result = CliRunner().invoke(app, [*words, *more])
        assert result.exit_code == 0, result.exception
        page = Page((run_folder / "report.html").read_text(encoding="utf-8"))
        return [link["href"] for link in page.attributes("a")]

    assert "explorer.html" not in links()
    assert "explorer.html" in links("--explorer")
    explorer = (run_folder / "explorer.html").read_text(encoding="utf-8")
    assert "<title>Autoencoder on images</title>" in explorer
    # It is there now.
    assert "explorer.html" in links()


def test_a_file_is_reported_on_with_another_dataset(
    monkeypatch, saved, image_folder, tmp_path
):
    calls = []
    monkeypatch.setattr(
        "keras_latent.reports.write_report",
        lambda *arguments, **options: calls.append((arguments, options)),
    )
    output = tmp_path / "page.html"
    flat = image_folder / "test" / "dark"
    words = ["report", str(saved), "--dataset", str(flat), "--output", str(output)]
    words += ["--image-size", "8", "--limit", "5", "--seed", "7"]
    result = CliRunner().invoke(app, words)

    assert result.exit_code == 0, result.exception
    (((model, images, path), options),) = calls
    assert isinstance(model, kl.models.Autoencoder)
    assert (images.size, images.image_shape) == (6, SHAPE)
    assert path == output
    assert options == {
        "known": None,
        "history": None,
        "title": "Autoencoder on dark",
        "data": "dark, split train",
        "limit": 5,
        "seed": 7,
        "samplers": {},
        "explorer": None,
    }


def test_a_folder_without_a_model_says_what_it_lacks(
    monkeypatch, capsys, run_folder, tmp_path
):
    def told(folder):
        return failure(monkeypatch, capsys, folder)

    empty = tmp_path / "empty"
    empty.mkdir()
    assert "the folder of a run, which holds a model.keras" in told(empty)
    assert f"such as '{run_folder}' in it" in told(tmp_path)
    (run_folder / "model.keras").unlink()
    message = told(run_folder)
    assert f"begins anew by `keras-latent resume {run_folder}`" in message
    assert message.endswith("a folder without model.keras")


def test_a_model_that_is_none_is_a_message(monkeypatch, capsys, saved, tmp_path):
    missing = tmp_path / "none.keras"
    message = failure(monkeypatch, capsys, missing)
    assert "no such file" in message
    assert "none.keras" in message

    truncated = tmp_path / "truncated.keras"
    truncated.write_bytes(saved.read_bytes()[:5000])
    message = failure(monkeypatch, capsys, truncated)
    assert "truncated, damaged or something else" in message
    assert "5000 bytes" in message

    with zipfile.ZipFile(tmp_path / "archive.keras", "w") as archive:
        archive.writestr("notes.txt", "no model")
    message = failure(monkeypatch, capsys, tmp_path / "archive.keras")
    assert "damaged or something else" in message

    keras.Sequential([keras.Input((2,)), keras.layers.Flatten()]).save(
        tmp_path / "other.keras"
    )
    message = failure(monkeypatch, capsys, tmp_path / "other.keras")
    assert "`model` must be a latent model of keras_latent" in message
    assert "of type Sequential" in message


@keras.saving.register_keras_serializable(package="elsewhere")
class Elsewhere(keras.layers.Flatten):
    pass


def test_an_unknown_class_is_a_message(monkeypatch, capsys, tmp_path):
    model = keras.Sequential([keras.Input((2,)), Elsewhere()])
    model.save(tmp_path / "unknown.keras")
    monkeypatch.delitem(
        keras.saving.get_custom_objects(), "elsewhere>Elsewhere", raising=True
    )
    config = _renamed_module(tmp_path / "unknown.keras")
    message = failure(monkeypatch, capsys, config)
    assert "`model` must be a model that Keras can load in safe mode" in message
    assert "Could not locate class 'Elsewhere'" in message


def _renamed_module(path):
    """The archive as it came from a machine with another module."""
    renamed = path.with_name("renamed.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(renamed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(__name__.encode(), b"gone_module"))
    return renamed


def test_images_that_do_not_fit_are_a_message_with_both_shapes(
    monkeypatch, capsys, saved, image_folder
):
    words = (saved, "--dataset", image_folder, "--image-size", "12")
    message = failure(monkeypatch, capsys, *words)
    assert "the model takes, (8, 8, 1)" in message
    assert "of shape (12, 12, 1)" in message
    assert "(28, 28, 1)" in failure(monkeypatch, capsys, saved)
    message = failure(monkeypatch, capsys, saved, "--dataset", "minst")
    assert "minst" in message


def test_a_model_of_a_dict_is_a_message(monkeypatch, capsys, tmp_path):
    from tests.models.cases import mixed_networks

    kl.models.EncDec(**mixed_networks()).save(tmp_path / "model.keras")
    message = failure(monkeypatch, capsys, tmp_path)
    assert "keras_latent.reports.write_report" in message
    assert "a dict of ['category', 'image']" in message


def test_an_output_that_cannot_be_written_is_a_message(
    monkeypatch, capsys, saved, image_folder, tmp_path
):
    words = (saved, "--dataset", image_folder, "--output")
    message = failure(monkeypatch, capsys, *words, tmp_path / "none" / "page.html")
    assert "`--output` must be in a folder that can be written to" in message
    assert "No such file" in message
    assert "is a folder" in failure(monkeypatch, capsys, *words, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["images"]


@pytest.mark.parametrize(
    "text",
    ["epoch,loss\n1,fast\n", "\0", *rarely("", "epoch,loss\n", "epoch,loss\n1\n")],
)
def test_a_history_that_is_none_is_a_message(monkeypatch, capsys, run_folder, text):
    (run_folder / "history.csv").write_text(text)
    message = failure(monkeypatch, capsys, run_folder)
    assert "`history.csv` beside the model must hold" in message
    assert not (run_folder / "report.html").exists()


@pytest.mark.parametrize("text", ['{"arguments": 3}', *rarely("", "{}", "[]")])
def test_a_config_of_something_else_is_passed_over(
    monkeypatch, capsys, run_folder, text
):
    (run_folder / "config.json").write_text(text)
    assert "dataset='mnist'" in failure(monkeypatch, capsys, run_folder)


@pytest.mark.parametrize(
    ("option", "value"), [("limit", 0), ("seed", -1), ("image-size", 0)]
)
def test_a_wrong_value_is_a_message(monkeypatch, capsys, saved, option, value):
    message = failure(monkeypatch, capsys, saved, f"--{option}", value)
    assert f"Received: --{option}={value}" in message
