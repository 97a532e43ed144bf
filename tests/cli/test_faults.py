"""Runs that are killed, cut off, fed with NaN, or given files that aren't theirs."""

import contextlib
import csv
import errno
import fcntl
import functools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent import plots
from keras_latent.cli import main
from keras_latent.cli.run_folder import RunFolder, SaveEachEpoch
from keras_latent.models import VAE, Autoencoder
from keras_latent.saving import UNFINISHED, write_text
from tests.faults import CUT, EPOCHS, FAULTS, STEPS
from tests.models.cases import dense_networks

ALL_STEPS = [STEPS * (epoch + 1) for epoch in range(EPOCHS)]


def write_images(folder):
    """Two classes of 8 × 8 images, split into `train` (24) and `test` (12)."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 6)):
        for low in (0, 128):
            place = folder / split / str(low)
            place.mkdir(parents=True)
            for index in range(count):
                pixels = rng.integers(low, low + 128, (8, 8), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What `tests.faults` leaves: a folder for each fault, and exit codes."""
    folder = tmp_path_factory.mktemp("faults")
    pictures = write_images(folder / "images")
    command = [sys.executable, "-m", "tests.faults", str(folder), str(pictures)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return folder


def code_of(played, name):
    return json.loads((played / "codes.json").read_text())[name]


def said(played, name):
    text = (played / f"{name}.txt").read_text()
    assert "Traceback" not in text
    return " ".join(text.split())


def unfinished(folder):
    """The files that were being written when a process was killed."""
    return [path for path in folder.rglob(f"{UNFINISHED}*/*") if path.is_file()]


@functools.cache
def loaded(folder):
    return kl.load_model(folder / "model.keras")


def values(folder):
    """All that a model holds: weights, random state, optimizer."""
    model = loaded(folder)
    return [np.asarray(v) for v in [*model.variables, *model.optimizer.variables]]


def steps(folder):
    with open(folder / "history.csv", newline="") as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


# Seven runs that are killed in a process of their own.
@pytest.mark.all
class TestKilled:
    @pytest.mark.parametrize(
        ("name", "file", "size"),
        [
            ("config", "config.json", CUT),
            ("history", "history.csv", CUT),
            ("model", "model.keras", 10**6),
            ("figure", "figures/reconstructions.png", CUT),
            ("metrics", "metrics.json", CUT),
        ],
    )
    def test_half_a_file_has_not_its_name(self, played, name, file, size):
        assert code_of(played, name) == -signal.SIGXFSZ
        (half,) = unfinished(played / name)
        assert half.name == Path(file).name
        assert half.stat().st_size == size
        assert half.parent.parent == (played / name / file).parent
        # Of the model, that of the epoch before is there.
        assert (played / name / file).exists() == (name == "model")

    @pytest.mark.parametrize("name", ["first epoch", "two at once"])
    def test_within_an_epoch(self, played, name):
        assert code_of(played, name) == -signal.SIGKILL
        assert not unfinished(played / name)

    @pytest.mark.parametrize("name", FAULTS)
    def test_files_with_a_name_are_whole(self, played, name):
        from PIL import Image

        files = [path for path in (played / name).rglob("*") if path.is_file()]
        for path in set(files) - set(unfinished(played / name)):
            if path.suffix == ".json":
                json.loads(path.read_text())
            if path.suffix == ".csv":
                assert steps(path.parent) == ALL_STEPS[: len(steps(path.parent))]
            if path.suffix == ".png":
                Image.open(path).load()
            if path.suffix == ".keras":
                assert np.isfinite(
                    np.concatenate(list(map(np.ravel, values(path.parent))))
                ).all()

    def test_what_was_lost_is_made_again(self, played):
        for name, epochs, rows in [
            ("model", 1, 2),
            ("nan", 1, 2),
            ("full disk", 1, 2),
            ("two at once", 2, 2),
            ("figure", 3, 3),
        ]:
            made = int(loaded(played / name).optimizer.iterations)
            assert made == epochs * STEPS, name
            assert steps(played / name) == ALL_STEPS[:rows], name

    def test_the_end_is_that_of_the_unbroken_run(self, played):
        assert code_of(played, "none") == code_of(played, "unbroken") == 0
        run, unbroken = played / "none", played / "unbroken"
        for ours, theirs in zip(values(run), values(unbroken), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        for name in ("history.csv", "metrics.json", "config.json"):
            assert (run / name).read_text() == (unbroken / name).read_text()
        for folder in ("", "figures"):
            left = {path.name for path in (run / folder).iterdir()}
            assert left == {path.name for path in (unbroken / folder).iterdir()}


class TestAtOnce:
    @pytest.mark.all
    def test_the_second_run_is_refused(self, played):
        assert code_of(played, "second") == 2
        message = "Error: `run` must be free, but another process trains in it"
        assert message in said(played, "second")

    def test_the_lock_is_there_while_it_is_held(self, tmp_path):
        folder, other = RunFolder(tmp_path / "run"), RunFolder(tmp_path / "run")
        with folder.locked():
            for _ in range(2):
                with pytest.raises(ValueError, match="another process trains"):
                    other.locked().__enter__()
            folder.write_config({})
        assert [path.name for path in folder.path.iterdir()] == ["config.json"]
        with other.locked():
            pass

    def test_a_lock_file_that_was_removed_is_no_lock(self, tmp_path, monkeypatch):
        folder = RunFolder(tmp_path / "run")
        flock = fcntl.flock

        def late(file, operation):
            # Between opening and locking, the run that held the lock ends.
            folder.lock_file.unlink()
            flock(file, operation)

        monkeypatch.setattr(fcntl, "flock", late)
        with pytest.raises(ValueError, match="another process trains"):
            folder.locked().__enter__()

    def test_a_file_system_without_locks(self, tmp_path, monkeypatch):
        def refuse(file, operation):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", refuse)
        with RunFolder(tmp_path / "run").locked():
            pass

    def test_what_killed_runs_left_is_not_in_the_way(self, tmp_path):
        folder = RunFolder(tmp_path)
        for place in (tmp_path, folder.figures):
            (place / f"{UNFINISHED}x").mkdir(parents=True)
        folder.lock_file.touch()
        (tmp_path / f"{UNFINISHED}x" / "config.json").write_text("{")
        with pytest.raises(ValueError, match="holds files"):
            folder.check_free()
        folder.figures.rename(tmp_path.with_name(tmp_path.name + "-figures"))
        folder.check_free()
        with folder.locked():
            assert [path.name for path in tmp_path.iterdir()] == [".lock"]


@contextlib.contextmanager
def disk_of(size):
    """Let no file of this process grow beyond a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestFullDisk:
    @pytest.mark.all
    def test_the_run_keeps_the_last_whole_epoch(self, played):
        assert code_of(played, "full disk") == 2
        message = said(played, "full disk")
        assert "The model of the last whole epoch is kept: " in message
        assert "Error: `path` must be where a file can be written" in message
        assert "model.keras' (File too large)" in message
        assert not list((played / "full disk").rglob(f"{UNFINISHED}*"))

    @pytest.fixture
    def writers(self):
        model = Autoencoder(**dense_networks())
        model.compile("adam")
        figure = plots.learning_curves({"loss": [1.0, 0.5]})
        return {
            "model.keras": model.save,
            "figure.png": lambda path: plots.save(figure, path),
            "notes.txt": lambda path: write_text(path, "all " * 1000),
        }

    @pytest.mark.parametrize("part", [0.0, 0.1, 0.999])
    @pytest.mark.parametrize("name", ["model.keras", "figure.png", "notes.txt"])
    def test_old_files_stay_and_no_half_ones(self, writers, tmp_path, name, part):
        path = tmp_path / name
        writers[name](path)
        old = path.read_bytes()
        message = f"must be where a file can be written; .*{name}.*File too large"
        with disk_of(int(part * len(old))), pytest.raises(OSError, match=message):
            writers[name](path)
        assert path.read_bytes() == old
        assert os.listdir(tmp_path) == [name]

    def test_the_reason_is_named(self, tmp_path, monkeypatch):
        def fail(file):
            raise OSError(errno.ENOSPC, "x")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match=r"notes\.txt' \(No space left on device\)"):
            write_text(tmp_path / "notes.txt", "text")
        assert not os.listdir(tmp_path)


class TestNaN:
    @pytest.mark.all
    def test_the_run_keeps_the_last_whole_epoch(self, played):
        assert code_of(played, "nan") == 2
        message = said(played, "nan")
        assert "The model of the last whole epoch is kept: " in message
        assert "Error: `loss` must be finite, but at step 4 `" in message

    def test_weights_that_are_not_finite_are_not_saved(self, tmp_path):
        model = VAE(**dense_networks())
        model.compile("sgd")
        saving = SaveEachEpoch(RunFolder(tmp_path), [])
        saving.set_model(model)
        saving.on_epoch_end(0, {"loss": 1.0})
        whole = (tmp_path / "model.keras").read_bytes()
        model.code_mean.bias.assign(np.full(3, np.nan))
        with pytest.raises(ValueError, match=r"finite weights.*step 0.*code_mean/bias"):
            saving.on_epoch_end(1, {"loss": 1.0})
        assert (tmp_path / "model.keras").read_bytes() == whole
        assert len(saving.rows) == 1


def with_member(name, content):
    """A change of an archive: another content for one of its members."""

    def change(path, whole):
        path.write_bytes(whole)
        with zipfile.ZipFile(path) as old:
            members = {each: old.read(each) for each in old.namelist()}
        with zipfile.ZipFile(path, "w") as new:
            for each, data in {**members, name: content}.items():
                new.writestr(each, data)

    return change


def flipped(path, whole):
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])


def plain_model(path, whole):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    model.compile("sgd", "mse")
    model.save(path)


def uncompiled(path, whole):
    Autoencoder(**dense_networks()).save(path)


def other_archive(path, whole):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thesis.tex", "all of it")


DAMAGES = {
    "text": lambda path, whole: path.write_text("no model"),
    "empty": lambda path, whole: path.write_bytes(b""),
    "truncated": lambda path, whole: path.write_bytes(whole[: len(whole) // 2]),
    "flipped": flipped,
    "other archive": other_archive,
    "no JSON": with_member("config.json", b"{"),
    "other JSON": with_member("config.json", b"[1, 2]"),
    "deep JSON": with_member("config.json", b"[" * 10**5),
    "unknown class": with_member(
        "config.json", b'{"class_name": "A", "module": "b", "config": {"c": "d"}}'
    ),
    "no weights": with_member("model.weights.h5", b"no HDF5"),
}
FOREIGN = {"plain model": plain_model, "uncompiled": uncompiled}


def failure(monkeypatch, capsys, *words):
    """What the command says that fails."""
    monkeypatch.setattr("sys.argv", ["keras-latent", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    printed = capsys.readouterr().err
    assert stop.value.code == 2
    assert "Traceback" not in printed
    assert len(printed) < 1500
    return " ".join(printed.split())


@pytest.mark.all
class TestForeignFiles:
    @pytest.fixture
    def run(self, played, tmp_path):
        """A run in the midst, and the words that resume it."""
        shutil.copytree(played / "full disk", tmp_path / "run")
        words = ["resume", tmp_path / "run"]
        return RunFolder(tmp_path / "run"), words

    @pytest.mark.parametrize("damage", [*DAMAGES, *FOREIGN])
    def test_a_run_is_not_resumed(self, run, monkeypatch, capsys, damage):
        folder, words = run
        change = {**DAMAGES, **FOREIGN}[damage]
        change(folder.model_file, folder.model_file.read_bytes())
        given = folder.model_file.read_bytes()
        message = failure(monkeypatch, capsys, *words)
        assert str(folder.model_file) in message
        assert folder.model_file.read_bytes() == given

    @pytest.mark.parametrize("damage", ["text", "flipped", "deep JSON", "no weights"])
    def test_nothing_is_reported_on(self, run, monkeypatch, capsys, damage):
        folder, _ = run
        DAMAGES[damage](folder.model_file, folder.model_file.read_bytes())
        message = failure(monkeypatch, capsys, "report", folder.path)
        assert str(folder.model_file) in message

    def test_the_unknown_class_is_named(self, run):
        folder, _ = run
        with zipfile.ZipFile(folder.model_file) as archive:
            config = archive.read("config.json")
        unknown = config.replace(
            b'"keras.layers", "class_name": "Conv2D"',
            b'"mine", "class_name": "Crumple"',
        )
        with_member("config.json", unknown)(
            folder.model_file, folder.model_file.read_bytes()
        )
        message = r"which it can't: Could not locate class 'Crumple'[^{}]*$"
        with pytest.raises(ValueError, match=message):
            folder.load()

    @pytest.mark.parametrize("damage", ["text", "unknown class"])
    def test_no_features_are_inverted(self, run, monkeypatch, capsys, tmp_path, damage):
        folder, _ = run
        features = tmp_path / "features.keras"
        DAMAGES[damage](features, folder.model_file.read_bytes())
        dataset = folder.read_config()["arguments"]["dataset"]
        words = ["train", "inverter", "--features", features, "--dataset", dataset]
        words += ["--output", tmp_path / "other"]
        assert str(features) in failure(monkeypatch, capsys, *words)
        assert not (tmp_path / "other").exists()

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("config.json", "{"),
            ("config.json", "[]"),
            ("config.json", '{"arguments": 3}'),
            ("history.csv", "epoch,step,loss\n1,three,0.5\n"),
            ("history.csv", "epoch,loss\n1,0.5\n"),
            ("history.csv", "\0"),
        ],
    )
    def test_other_files_of_a_run(self, run, monkeypatch, capsys, name, text):
        folder, words = run
        (folder.path / name).write_text(text)
        message = failure(monkeypatch, capsys, *words)
        assert name in message
        assert "`run` must " in message

    def test_no_flipped_byte_is_overlooked(self, tmp_path):
        model = Autoencoder(**dense_networks())
        path = tmp_path / "model.keras"
        model.save(path)
        whole = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            directory = archive.start_dir
        rng = np.random.default_rng(0)
        places = [
            *rng.integers(0, directory, 20),
            *rng.integers(directory, len(whole), 40),
        ]
        messages = []
        for place in places:
            damaged = bytearray(whole)
            damaged[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(damaged)
            try:
                loaded = kl.load_model(path)
            except ValueError as error:
                messages.append(str(error))
                continue
            # A byte that means nothing, such as of the time of writing.
            for ours, theirs in zip(
                loaded.get_weights(), model.get_weights(), strict=True
            ):
                np.testing.assert_array_equal(ours, theirs)
        assert len(messages) > len(places) / 2
        for message in messages:
            assert re.match(r"`path` must be a .*model\.keras", message)
