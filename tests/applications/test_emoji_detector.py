"""The detector of emoji: its builder, and the recipe that trains it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_latent as kl
from applications import emoji_detector as recipe
from keras_latent.applications import weight_files
from keras_latent.applications.emoji_detector import EmojiDetector
from keras_latent.datasets import emoji

ROOT = Path(__file__).parents[2]


def values(model):
    return [np.array(variable) for variable in model.variables]


def assert_equal(some, others):
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def run():
    """Runs the recipe on a few scenes: from a folder and a number of epochs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(emoji.ARCHIVES_VARIABLE, str(ROOT / "tests" / "data" / "emoji"))
        patch.setattr(recipe, "SCENES_PER_EPOCH", 2)
        patch.setattr(recipe, "BATCH_SIZE", 2)
        patch.setattr(recipe, "TEST_SCENES", 2)

        def main(folder, epochs):
            command = [
                "recipe",
                "--epochs",
                str(epochs),
                "--runs",
                str(folder / "runs"),
            ]
            patch.setattr(sys, "argv", [*command, "--output", str(folder / "saved")])
            recipe.main()

        # Tracing the training step takes longer than a few steps.
        tf.config.run_functions_eagerly(True)
        yield main
        tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def trained(run, tmp_path_factory):
    """The folder of an unbroken run of two epochs."""
    folder = tmp_path_factory.mktemp("unbroken")
    run(folder, 2)
    return folder


@pytest.fixture
def saved(trained, monkeypatch):
    monkeypatch.setattr(weight_files, "saved_models_folder", lambda: trained / "saved")
    return trained / "saved" / "emoji_detector"


class TestRecipe:
    @pytest.mark.all
    def test_writes_weights_that_load(self, trained, saved):
        card = json.loads((saved / "card.json").read_text())
        assert card["sha256"] == weight_files.sha256(saved / "model.weights.h5")
        assert card["training"]["epochs"] == 2
        assert card["training"]["examples"] == 4
        detector = EmojiDetector()
        assert card["parameters"] == detector.count_params()
        assert card["image_shape"] == list(detector.input_shape[1:])

    @pytest.mark.all
    def test_the_card_tells_the_average_precision(self, saved):
        measures = json.loads((saved / "card.json").read_text())["measures"]
        page = (saved / "README.md").read_text()
        for measure in measures.values():
            assert 0 <= measure["value"] <= 100
            assert f"| {measure['what']} | {measure['value']:.4g} % |" in page
        assert "2 scenes of unseen glyphs" in measures["ap"]["what"]
        by_class = [v["value"] for k, v in measures.items() if k.startswith("ap of ")]
        assert measures["map"]["value"] == pytest.approx(np.mean(by_class))

    @pytest.mark.all
    def test_is_not_listed_with_the_latent_models(self, saved):
        assert "EmojiDetector" not in kl.applications.list_weights()
        assert not any(kl.applications.list_weights().values())

    @pytest.mark.all
    def test_a_run_that_was_cut_ends_as_the_unbroken_one(
        self, run, trained, tmp_path, monkeypatch
    ):
        def cut(*arguments):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            # While the second epoch is saved: its history is written, not its weights.
            save = keras.Model.save_weights
            calls = []

            def save_once(model, *arguments):
                calls.append(model)
                return (save if len(calls) == 1 else cut)(model, *arguments)

            patch.setattr(keras.Model, "save_weights", save_once)
            with pytest.raises(KeyboardInterrupt):
                run(tmp_path, 2)
        history = tmp_path / "runs" / "emoji_detector" / "history.json"
        assert [row["step"] for row in json.loads(history.read_text())] == [1, 2]
        run(tmp_path, 2)
        assert [row["step"] for row in json.loads(history.read_text())] == [1, 2]
        file = Path("saved", "emoji_detector", "model.weights.h5")
        again, unbroken = (EmojiDetector(path / file) for path in (tmp_path, trained))
        assert_equal(values(again), values(unbroken))

    @pytest.mark.all
    def test_a_history_of_another_run(self, run, trained, tmp_path):
        shutil.copytree(trained / "runs", tmp_path / "runs")
        history = tmp_path / "runs" / "emoji_detector" / "history.json"
        history.write_text('[{"step": 7}]')
        with pytest.raises(ValueError, match=r"history\.json.* Received: step=2"):
            run(tmp_path, 3)

    @pytest.mark.all
    def test_help_tells_the_arguments(self):
        done = subprocess.run(
            [sys.executable, "-m", "applications.emoji_detector", "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        for argument in ("--epochs", "--seed", "--output", "--runs"):
            assert argument in done.stdout
        assert "where checkpoints are kept" in done.stdout


class TestBuilder:
    @pytest.mark.all
    def test_altered_weights_are_refused(self, saved, tmp_path, monkeypatch):
        shutil.copytree(saved, tmp_path / "emoji_detector")
        monkeypatch.setattr(weight_files, "saved_models_folder", lambda: tmp_path)
        file = tmp_path / "emoji_detector" / "model.weights.h5"
        made = weight_files.sha256(file)
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(bytes(content))
        with pytest.raises(ValueError, match=f"{made}.*altered"):
            EmojiDetector()

    def test_missing_weights_say_how_to_make_them(self, tmp_path, monkeypatch):
        monkeypatch.setattr(weight_files, "saved_models_folder", lambda: tmp_path)
        message = r"python -m applications\.emoji_detector"
        with pytest.raises(FileNotFoundError, match=message):
            EmojiDetector()

    def test_weights_that_are_none_of_these(self):
        message = r"`weights` must be 'emoji', None, or the path.*weights='mnist'"
        with pytest.raises(ValueError, match=message):
            EmojiDetector(weights="mnist")

    def test_classes_are_the_categories(self):
        detector = EmojiDetector(weights=None, name="mine")
        assert detector.name == "mine"
        assert detector.num_classes == len(emoji.CATEGORIES)
