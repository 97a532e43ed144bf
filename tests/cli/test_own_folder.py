"""A folder of one's own, from the command line: held out, resumed, encoded, judged."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import keras_latent as kl
from keras_latent.cli import app, stopping
from keras_latent.cli.encoding import encode
from keras_latent.cli.run_folder import RunFolder
from keras_latent.datasets import opened
from tests.cli.calling import called, failure
from tests.reports.reading import Page

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A plain folder of two classes, 20 images of 10 × 8 pixels each."""
    from PIL import Image

    root = tmp_path_factory.mktemp("own") / "pictures"
    rng = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 128)):
        (root / name).mkdir(parents=True)
        for index in range(20):
            pixels = rng.integers(low, low + 128, (10, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{index:02}.png")
    return root


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory, no_traces):
    """A run that was begun with a relative path, in another working folder."""
    place = tmp_path_factory.mktemp("elsewhere")
    before = os.getcwd()
    os.chdir(folder.parent)
    try:
        words = ["train", "vae", "--dataset", "pictures", "--epochs", 2]
        words += ["--image-size", "8x12", "--latent-dim", 2, "--batch-size", 12]
        words += ["--augment", "mirror,colour", "--set", "beta=0.5"]
        called(*words, "--set", "optimizer=adamw", "--output", place / "run")
    finally:
        os.chdir(before)
    return place / "run"


def config(run):
    return json.loads((run / "config.json").read_text())


def test_a_plain_folder_is_measured_on_what_was_held_out(run, folder):
    data = config(run)["data"]
    assert data["splits"] == {"train": 36, "validation": 4}
    assert data["held_out"] == {"fraction": 0.1, "seed": 0, "examples": 4}
    assert data["class_names"] == ["dark", "light"]
    assert config(run)["arguments"]["dataset"] == str(folder)
    assert config(run)["arguments"]["epochs"] == 2
    with open(run / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert np.isfinite(float(rows[0]["val_loss"]))
    measured = json.loads((run / "metrics.json").read_text())
    assert set(measured) == {
        "validation mse",
        "validation mse of the mean image",
        "validation mse of PCA with 2 numbers",
        "validation 5-NN accuracy of the codes",
        "validation 5-NN accuracy of the pixels",
        "validation accuracy of the majority",
    }


def test_one_image_held_out_is_enough_to_train_and_too_few_to_report_on(
    folder, tmp_path, monkeypatch, capsys
):
    few = tmp_path / "few" / "dark"
    few.mkdir(parents=True)
    for index in range(10):
        (few / f"{index}.png").write_bytes(
            (folder / "dark" / f"{index:02}.png").read_bytes()
        )
    words = ["train", "autoencoder", "--dataset", few.parent, "--image-size", 8]
    words += ["--epochs", 1, "--latent-dim", 2, "--output", tmp_path / "run"]
    assert "The run is in" in called(*words)
    message = failure(monkeypatch, capsys, "report", tmp_path / "run")
    assert "`--dataset` must have at least two images" in message
    assert "larger `--validation-split`" in message


@pytest.mark.parametrize(
    "last", ["validation", pytest.param("test", marks=pytest.mark.all)]
)
def test_curves_are_of_validation_and_last_numbers_of_test(
    last, tmp_path, monkeypatch, no_traces
):
    from PIL import Image

    rng = np.random.default_rng(0)
    # So far apart that no split can stand for another one.
    for split, low in (("train", 100), ("Val", 0), ("testing", 200)):
        if split == "testing" and last != "test":
            continue
        (tmp_path / "images" / split).mkdir(parents=True)
        for index in range(8):
            pixels = rng.integers(low, low + 50, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / split / f"{index}.png")
    scanned = []
    scan = opened.scan_folder
    monkeypatch.setattr(
        opened, "scan_folder", lambda *words: scanned.append(words) or scan(*words)
    )
    words = ["train", "autoencoder", "--dataset", tmp_path / "images", "--epochs", 1]
    called(*words, "--latent-dim", 2, "--output", tmp_path / "run")
    assert len(scanned) == 1
    assert config(tmp_path / "run")["data"]["held_out"] is None
    model = kl.load_model(tmp_path / "run" / "model.keras")
    images, _ = kl.datasets.arrays(tmp_path / "images", "validation")
    with open(tmp_path / "run" / "history.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    loss = model.evaluate(images, return_dict=True, verbose=0)["loss"]
    assert float(row["val_loss"]) == pytest.approx(loss, rel=1e-4)
    images, _ = kl.datasets.arrays(tmp_path / "images", last)
    error = np.square(model.reconstruct(images) - images).mean()
    measured = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert measured[f"{last} mse"] == pytest.approx(error, rel=1e-4)
    assert all(name.startswith(f"{last} ") for name in measured)


def test_what_was_set_is_in_the_model(run):
    model = kl.load_model(run / "model.keras")
    assert float(model.beta) == 0.5
    assert model.likelihood.scale == "optimal"
    assert isinstance(model.optimizer, keras.optimizers.AdamW)
    assert model.decoder_spec.observation.shape == (None, 8, 12, 3)


def test_the_projector_has_classes_and_files(run):
    (labels,) = run.rglob("metadata.tsv")
    header, *rows = labels.read_text().splitlines()
    assert header == "class\tfile"
    assert len(rows) == 4
    for row in rows:
        name, file = row.split("\t")
        assert file.startswith(f"{name}/")


@pytest.mark.all
def test_a_report_needs_nothing_repeated(run, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pages = []
    for words in ([], ["--dataset", f"{folder}/."]):
        called("report", run, "--output", tmp_path / "page.html", *words)
        pages.append((tmp_path / "page.html").read_text())
    assert pages[0] == pages[1]
    page = Page(pages[0])
    assert page.numbers["Data"][0] == (
        "pictures, split validation: 4 images, 8 by 12 pixels, colour"
    )
    assert "learned from 36 other images" in page.numbers["5-NN accuracy"][1]
    assert page.headings[0] == "Advice"


@pytest.mark.all
def test_a_run_goes_on_from_any_folder(run, tmp_path, monkeypatch):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    monkeypatch.chdir(tmp_path)
    output = called("resume", "copy", "--epochs", 3)
    assert "epoch 3/3" in output
    assert len(RunFolder(copy).load()[1]) == 3
    assert config(copy)["arguments"] == {**config(run)["arguments"], "epochs": 3}


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_stopped_run_says_how_it_goes_on(tmp_path, is_saved):
    folder = RunFolder(tmp_path / "my run")
    folder.path.mkdir()
    message = "before there was anything"
    with (
        pytest.raises(stopping.StoppedError, match=message),
        stopping.goes_on_by(folder),
    ):
        raise KeyboardInterrupt
    folder.write_config({})
    if is_saved:
        folder.model_file.touch()
    how = "goes on after the last whole epoch" if is_saved else "starts over"
    message = f'It {how} by: keras-latent resume "{folder.path}"$'
    with (
        pytest.raises(stopping.StoppedError, match=message),
        stopping.goes_on_by(folder),
    ):
        raise KeyboardInterrupt


@pytest.mark.all
@pytest.mark.parametrize("number", stopping.SIGNALS)
def test_a_signal_says_how_to_go_on(folder, tmp_path, number):
    words = ["train", "autoencoder", "--dataset", folder, "--epochs", 300]
    words += ["--output", tmp_path / "run"]
    command = [sys.executable, "-m", "keras_latent", *map(str, words)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs hear no ctrl-C, and neither do their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 900
    while not (tmp_path / "run" / "model.keras").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=900)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert f"keras-latent resume {tmp_path / 'run'}" in " ".join(said.split())


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_codes_with_files_and_classes(run, folder, tmp_path, suffix):
    output = tmp_path / f"codes{suffix}"
    called("encode", run, folder / "light", "--output", output)
    if suffix == ".npz":
        with np.load(output, allow_pickle=False) as held:
            codes, paths = held["codes"], held["paths"].tolist()
            assert held["splits"].tolist() == ["train"] * 20
            assert held["classes"].tolist() == [""] * 20
    else:
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(output)
        codes = np.array(table["code"].to_pylist(), "float32")
        paths = table["path"].to_pylist()
    source = kl.datasets.open_dataset(folder / "light", (8, 12)).split("train")
    assert paths == list(source.file_paths)
    model = kl.load_model(run / "model.keras")
    expected = model.encode(source.batches(20))
    np.testing.assert_allclose(codes, expected, atol=1e-5)


def test_codes_are_not_written_over_unless_their_file_is_named(
    run, folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    words = ["encode", run, folder / "light"]
    called(*words)
    before = (tmp_path / "codes.npz").read_bytes()
    with pytest.raises(ValueError, match=r"`output` must be given where codes are"):
        encode(run, str(folder / "light"))
    assert (tmp_path / "codes.npz").read_bytes() == before
    called(*words, "--output", "codes.npz")


def test_codes_of_the_run_s_own_folder_know_its_splits(run, folder, tmp_path):
    called("encode", run, folder, "--output", tmp_path / "codes.npz")
    with np.load(tmp_path / "codes.npz", allow_pickle=False) as held:
        splits, classes = held["splits"], held["classes"]
    assert np.sum(splits == "validation") == 4
    assert sorted(set(classes)) == ["dark", "light"]


def test_anomalies_with_their_files(run, folder, tmp_path):
    words = ["anomalies", run, folder, "--output", tmp_path / "found"]
    printed = called(*words, "--normal", "dark", "--count", 3)
    with open(tmp_path / "found" / "anomalies.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    scores = [float(row["reconstruction"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert {row["above_threshold"] for row in rows} <= {"true", "false"}
    model = kl.load_model(run / "model.keras")
    for row in (rows[0], rows[-1]):
        assert os.path.isfile(row["file"])
        assert f"/{row['class']}/" in row["file"]
    # The table's scores are those of its files.
    opened = kl.datasets.open_dataset(folder, (8, 12), validation_split=0.1)
    source = opened.split(rows[0]["split"])
    index = int(rows[0]["index"])
    assert source.file_paths[index] == rows[0]["file"]
    (images, _), *_ = source.take([index]).batches(1).as_numpy_iterator()
    score = kl.metrics.anomaly.reconstruction_scores(model, images)[0]
    assert scores[0] == pytest.approx(score, rel=1e-4)
    area = kl.metrics.anomaly.auroc(
        [s for s, row in zip(scores, rows, strict=True) if row["class"] == "dark"],
        [s for s, row in zip(scores, rows, strict=True) if row["class"] == "light"],
    )
    assert f"AUROC of reconstruction: {area.value:.3f}" in printed
    page = Page((tmp_path / "found" / "anomalies.html").read_text())
    assert page.headings == [
        "Advice",
        "Numbers",
        "The most anomalous",
        "Scores",
        "Separation",
    ]
    assert page.numbers["AUROC of elbo"]
    captions = page.inside("figcaption")
    assert [caption.split(":")[0] for caption in captions[:3]] == [
        os.path.relpath(row["file"], folder) for row in rows[:3]
    ]


@pytest.mark.all
def test_without_other_classes_there_is_no_curve(run, folder, tmp_path):
    printed = called("anomalies", run, folder, "--output", tmp_path / "found")
    assert "AUROC" not in printed
    page = Page((tmp_path / "found" / "anomalies.html").read_text())
    assert page.headings == ["Advice", "The most anomalous", "Scores"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["encode", "--output", "codes.txt"], "`output` must end in '.npz' or"),
        (["anomalies", "--score", "noise"], "`score` must be one of 'reconstruction'"),
        (["anomalies", "--normal", "pale"], "`normal` must be one of 'dark', 'light'"),
    ],
)
def test_refused(run, folder, words, message):
    command, *rest = words
    result = RUNNER.invoke(app, [command, str(run), str(folder), *rest])
    assert isinstance(result.exception, ValueError)
    assert message in str(result.exception)
