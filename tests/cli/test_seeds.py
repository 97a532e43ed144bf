"""Several seeds of one run, and their comparison, by the command line."""

import csv
import json
import pathlib
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import keras_latent as kl
from keras_latent.cli import app, comparing, main, seeds
from tests.cli.calling import failure

# Steps that aren't traced: few of them are made.
pytestmark = pytest.mark.usefixtures("no_traces")


def words(image_folder, path, *more):
    return [
        *("train", "autoencoder", "--dataset", str(image_folder), "--epochs", "1"),
        *("--batch-size", "12", "--latent-dim", "2", "--strategy", "none"),
        *("--seeds", "2", "--seed", "3", "--output", str(path), *more),
    ]


def run(*given):
    result = CliRunner().invoke(app, [str(word) for word in given])
    assert result.exit_code == 0, result.exception
    return result.output


@pytest.fixture
def trained(image_folder, tmp_path):
    run(*words(image_folder, tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.mark.all
def test_each_seed_has_a_run_that_goes_on(trained, image_folder, tmp_path):
    assert {path.name for path in trained.iterdir()} == {
        "seeds.json",
        "seed-3",
        "seed-4",
    }
    for seed in (3, 4):
        config = json.loads((trained / f"seed-{seed}" / "config.json").read_text())
        assert config["arguments"]["seed"] == seed
        assert config["arguments"]["split_seed"] == 3
        assert config["data"]["held_out"]["seed"] == 3
    first, second = (
        kl.load_model(trained / f"seed-{seed}" / "model.keras").get_weights()
        for seed in (3, 4)
    )
    assert any((a != b).any() for a, b in zip(first, second, strict=True))

    # As if it had been stopped in the second seed: that alone is trained again.
    before = (trained / "seed-3" / "model.keras").stat().st_mtime_ns
    shutil.rmtree(trained / "seed-4")
    run("resume", trained)
    again = kl.load_model(trained / "seed-4" / "model.keras").get_weights()
    assert all((a == b).all() for a, b in zip(second, again, strict=True))
    assert (trained / "seed-3" / "model.keras").stat().st_mtime_ns == before

    said = run("compare", trained, "--output", tmp_path / "out").replace("\n", "")
    assert f"The comparison is {tmp_path / 'out' / 'compare.html'}" in said
    with open(tmp_path / "out" / "compare.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["row"]) for row in rows] == [
        ("runs/seed-3", "model"),
        ("runs/seed-4", "model"),
        ("runs", "mean"),
        ("runs", "standard deviation"),
    ]
    images, _ = kl.datasets.arrays(image_folder, "test")
    model = kl.load_model(trained / "seed-4" / "model.keras")
    error = np.mean((images - np.asarray(model.reconstruct(images))) ** 2)
    assert float(rows[1]["MSE"]) == pytest.approx(error, rel=1e-5)


def test_a_folder_of_seeds_is_not_overwritten(
    image_folder, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "seeds.json").write_text("{}")
    said = failure(monkeypatch, capsys, *words(image_folder, folder))
    assert "`--output` must be free, but holds runs of several seeds" in said
    said = failure(monkeypatch, capsys, "resume", folder)
    assert "`run` must be a folder of runs of this version" in said


def test_a_wrong_argument_leaves_nothing(image_folder, tmp_path, monkeypatch, capsys):
    given = words(image_folder, tmp_path / "runs")
    said = failure(monkeypatch, capsys, *given, "--seeds", "0")
    assert "`--seeds` must be a positive integer. Received: --seeds=0" in said
    said = failure(monkeypatch, capsys, *given, "--strategy", "multiworker")
    assert "`--seeds` can't be given where several workers" in said
    assert not (tmp_path / "runs").exists()


def test_a_stop_says_how_to_go_on(image_folder, tmp_path, monkeypatch, capsys):
    def stop(arguments, folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(seeds, "train", stop)
    given = words(image_folder, tmp_path / "runs")
    monkeypatch.setattr("sys.argv", ["keras-latent", *given])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 130
    said = "".join(capsys.readouterr().err.split())
    assert f"keras-latentresume{tmp_path / 'runs'}" in said
    assert (tmp_path / "runs" / "seeds.json").is_file()


def test_runs_must_have_held_out_the_same(image_folder, tmp_path):
    paths = []
    for seed in (1, 2):
        folder = tmp_path / f"run-{seed}"
        folder.mkdir()
        told = {"dataset": "any", "seed": seed, "validation_split": 0.1}
        (folder / "config.json").write_text(json.dumps({"arguments": told}))
        paths.append(folder / "model.keras")
    with pytest.raises(ValueError, match="`runs` must have held out the same"):
        comparing._check_held_out_alike(*paths)
    told["split_seed"] = 1
    (folder / "config.json").write_text(json.dumps({"arguments": told}))
    comparing._check_held_out_alike(*paths)


def test_a_comparison_is_not_overwritten(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert str(comparing._free_folder()) == "comparison"
    pathlib.Path("comparison").mkdir()
    pathlib.Path("comparison-2").write_text("")
    assert str(comparing._free_folder()) == "comparison-3"
    pathlib.Path("comparison", "compare.csv").write_text("mine")
    words = ["compare", "absent", "--output", "comparison"]
    said = failure(monkeypatch, capsys, *words)
    assert "`--output` must be a folder without a comparison" in said
    assert "Received: --output='comparison'" in said


def test_a_folder_that_is_no_run_is_named(tmp_path, monkeypatch, capsys):
    said = failure(monkeypatch, capsys, "compare", tmp_path)
    assert "`runs` must hold folders of runs" in said
    assert str(tmp_path) in said


def test_another_extractor_than_ours_is_told():
    with pytest.raises(ValueError, match="`extractor` must be one of 'mnist', "):
        comparing.compare([pathlib.Path("absent")], extractor="inception")
