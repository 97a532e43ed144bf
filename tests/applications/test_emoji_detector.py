"""The detector of emoji: its builder, and the recipe that trains it."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_latent as kl
from applications import emoji_detector as recipe
from applications.table import tables
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
def run(tmp_path_factory):
    """Runs the recipe on a few scenes: from the epochs to the folder of the run."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(emoji.ARCHIVES_VARIABLE, str(ROOT / "tests" / "data" / "emoji"))
        patch.setattr(recipe, "SCENES_PER_EPOCH", 4)
        patch.setattr(recipe, "BATCH_SIZE", 2)
        patch.setattr(recipe, "TEST_SCENES", 4)
        # Tracing the training step takes longer than a few steps.
        tf.config.run_functions_eagerly(True)
        yield lambda epochs, *more: _run(patch, folder, epochs, *more)
        tf.config.run_functions_eagerly(False)


def _run(patch, folder, epochs, *more):
    command = ["recipe", "--epochs", str(epochs), "--output", str(folder / "saved")]
    patch.setattr(sys, "argv", [*command, "--runs", str(folder / "runs"), *more])
    recipe.main()
    return folder


@pytest.fixture(scope="module")
def trained(run):
    """The folder of a run of one epoch."""
    return run(1)


@pytest.fixture
def saved(trained, monkeypatch):
    monkeypatch.setattr(weight_files, "saved_models_folder", lambda: trained / "saved")
    return trained / "saved" / "emoji_detector"


class TestRecipe:
    def test_writes_weights_that_load(self, trained, saved):
        card = json.loads((saved / "card.json").read_text())
        assert card["sha256"] == weight_files.sha256(saved / "model.weights.h5")
        assert card["training"]["epochs"] == 1
        assert card["training"]["examples"] == 4
        detector = EmojiDetector()
        assert card["parameters"] == detector.count_params()
        assert card["image_shape"] == list(detector.input_shape[1:])
        fresh = EmojiDetector(weights=None)
        fresh.load_weights(trained / "runs" / "emoji_detector" / "checkpoint.weights.h5")
        assert_equal(values(detector), values(fresh))

    def test_the_card_tells_the_average_precision(self, saved):
        measures = json.loads((saved / "card.json").read_text())["measures"]
        page = (saved / "README.md").read_text()
        for measure in measures.values():
            assert 0 <= measure["value"] <= 100
            assert f"| {measure['what']} | {measure['value']:.4g} % |" in page
        assert "4 scenes of unseen glyphs" in measures["ap"]["what"]
        by_class = [v["value"] for k, v in measures.items() if k.startswith("ap of ")]
        assert measures["map"]["value"] == pytest.approx(np.mean(by_class))

    def test_is_no_latent_model(self, saved):
        assert "EmojiDetector" not in kl.applications.list_weights()
        assert "emoji_detector" not in tables()

    def test_started_again_it_trains_what_is_missing(self, run, trained):
        steps = []

        class Counted(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                steps.append(batch)

        checkpoints = recipe.Checkpoints
        with pytest.MonkeyPatch.context() as patch:
            fit = keras.Model.fit
            patch.setattr(
                recipe,
                "train",
                lambda *arguments: real_train(*arguments),
            )
            real_train = checkpoints and recipe.train
            del fit
