import os

import keras
import pytest

from keras_latent.models import Autoencoder
from keras_latent.presets import from_preset, save_to_preset
from keras_latent.saving import (
    folder_written_whole,
    load_model,
    write_text,
    written_whole,
)
from tests.models.cases import dense_networks


@pytest.fixture
def model():
    return Autoencoder(**dense_networks())


class TestWrittenWhole:
    def test_a_failure_leaves_the_old_file(self, tmp_path):
        path = tmp_path / "notes.txt"
        path.write_text("old")

        def fail():
            with written_whole(path) as unfinished:
                unfinished.write_text("half")
                raise OSError("disk full")

        with pytest.raises(OSError, match="disk full"):
            fail()
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["notes.txt"]

    def test_replaces_the_old_file(self, tmp_path):
        path = tmp_path / "notes.txt"
        path.write_text("old")
        write_text(path, "néw")
        assert path.read_text(encoding="utf-8") == "néw"
        assert os.listdir(tmp_path) == ["notes.txt"]

    def test_flushes_what_is_open_for_writing(self, tmp_path, monkeypatch):
        # As Windows does, which refuses other files.
        flushed, flush = [], os.fsync

        def strict(descriptor):
            os.write(descriptor, b"")
            flushed.append(descriptor)
            flush(descriptor)

        monkeypatch.setattr(os, "fsync", strict)
        write_text(tmp_path / "notes.txt", "text")
        assert flushed
        assert (tmp_path / "notes.txt").read_text() == "text"

    def test_a_missing_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"`path` must exist.*missing"):
            write_text(tmp_path / "missing" / "notes.txt", "text")


class TestSave:
    def test_a_failing_save_leaves_the_old_file(self, model, tmp_path, monkeypatch):
        path = tmp_path / "model.keras"
        model.save(path)
        old = path.read_bytes()

        def fail(self, store):
            raise OSError("disk full")

        monkeypatch.setattr(keras.layers.Dense, "save_own_variables", fail)
        with pytest.raises(OSError, match="disk full"):
            model.save(path)
        assert path.read_bytes() == old
        assert os.listdir(tmp_path) == ["model.keras"]

    def test_a_missing_folder(self, model, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"Received: path=.*missing"):
            model.save(tmp_path / "missing" / "model.keras")

    def test_keeps_an_existing_file_on_demand(self, model, tmp_path, monkeypatch):
        path = tmp_path / "model.keras"
        path.write_text("old")
        monkeypatch.setattr("builtins.input", lambda *_: "n")
        model.save(path, overwrite=False)
        assert path.read_text() == "old"


class TestLoadModel:
    def test_gives_the_model(self, model, tmp_path):
        model.compile("sgd")
        model.save(tmp_path / "model.keras")
        assert load_model(tmp_path / "model.keras").compiled
        loaded = load_model(str(tmp_path / "model.keras"), compile=False)
        assert type(loaded) is Autoencoder
        assert not loaded.compiled

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(
            FileNotFoundError, match=r"`path`.*Received: path=.*no such"
        ):
            load_model(tmp_path / "model.keras")

    def test_another_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"Received: path=.*, a folder$"):
            load_model(tmp_path)

    def test_weights_alone(self, tmp_path):
        path = tmp_path / "model.weights.h5"
        path.write_text("")
        with pytest.raises(ValueError, match=r"`load_weights` of a model reads"):
            load_model(path)

    def test_the_folder_of_a_run(self, tmp_path):
        (tmp_path / "model.keras").write_text("")
        with pytest.raises(FileNotFoundError, match=r"such as '.*model.keras' in the"):
            load_model(tmp_path)

    @pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
    def test_a_truncated_file(self, model, tmp_path, part):
        path = tmp_path / "model.keras"
        model.save(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(ValueError, match=r"truncated.*Received: path=.*bytes"):
            load_model(path)

    def test_a_damaged_file(self, model, tmp_path):
        path = tmp_path / "model.keras"
        model.save(path)
        damaged = bytearray(path.read_bytes())
        middle = len(damaged) // 2
        # Turned over: between weights, all may be 0 already.
        for place in range(middle, middle + 200):
            damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"`path`.*Received: path="):
            load_model(path)

    def test_lambdas_are_refused(self, tmp_path):
        unsafe = keras.Sequential(
            [keras.Input((2,)), keras.layers.Lambda(lambda x: x + 1)]
        )
        unsafe.save(tmp_path / "model.keras")
        with pytest.raises(ValueError, match="safe_mode"):
            load_model(tmp_path / "model.keras")


class TestFolders:
    def test_a_folder_is_there_once_it_is_whole(self, tmp_path):
        path = tmp_path / "made"
        with folder_written_whole(path, ["a", "inner"]) as folder:
            (folder / "a").write_text("1")
            (folder / "inner").mkdir()
            (folder / "inner" / "b").write_text("2")
            assert not path.exists()
        assert (path / "a").read_text() == "1"
        assert (path / "inner" / "b").read_text() == "2"
        assert [own.name for own in tmp_path.iterdir()] == ["made"]

    def test_the_old_one_is_replaced_or_kept_whole(self, tmp_path):
        path = tmp_path / "made"
        path.mkdir()
        (path / "a").write_text("old")

        def fail():
            with folder_written_whole(path, ["a", "b"]) as folder:
                (folder / "b").write_text("half")
                raise OSError("disk full")

        with pytest.raises(OSError, match=r"what stood there is kept.*disk full"):
            fail()
        assert [own.name for own in path.iterdir()] == ["a"]
        with folder_written_whole(path, ["a", "b"]) as folder:
            (folder / "b").write_text("new")
        assert [own.name for own in path.iterdir()] == ["b"]
        assert [own.name for own in tmp_path.iterdir()] == ["made"]

    def test_a_folder_of_somebody_else_is_not_touched(self, tmp_path):
        (tmp_path / "thesis.tex").write_text("")
        with (
            pytest.raises(ValueError, match=r"which holds 'thesis\.tex'"),
            folder_written_whole(tmp_path, ["a"]),
        ):
            pass
        assert [own.name for own in tmp_path.iterdir()] == ["thesis.tex"]

    def test_a_missing_folder_around_it(self, tmp_path):
        with (
            pytest.raises(FileNotFoundError, match="folder of `path` must exist"),
            folder_written_whole(tmp_path / "missing" / "made", []),
        ):
            pass


@pytest.mark.parametrize("path", [None, 3, "", b"", ["a"]])
class TestWhatIsNoPath:
    MESSAGE = r"must be the path of a file or folder\. Received: \w+="

    def test_of_models(self, path, model):
        for call in (load_model, model.save, from_preset):
            with pytest.raises(ValueError, match=self.MESSAGE):
                call(path)

    def test_of_what_is_written(self, path, model):
        for call in (
            lambda: write_text(path, "text"),
            lambda: save_to_preset(model, path),
            lambda: folder_written_whole(path, []).__enter__(),
        ):
            with pytest.raises(ValueError, match=self.MESSAGE):
                call()
