import importlib
import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_latent as kl
from applications import emoji_augmentation, emoji_measures, mnist_measures, recipe
from keras_latent.applications import BUILDERS, weight_files
from keras_latent.datasets import emoji

ROOT = Path(__file__).parents[2]
NAMES = [
    f"conv_{kind}_{data}"
    for kind in ("autoencoder", "vae", "encdec")
    for data in ("mnist", "emoji")
]
NAMES += [
    "conv_constrained_autoencoder_mnist",
    "conv_feature_inverter_mnist",
    "conv_feature_inverter_emoji",
    "conv_kl_autoencoder_pictures",
    "conv_vq_autoencoder_pictures",
]


def tiny(**changes):
    return recipe.Recipe(
        **{
            "name": "conv_autoencoder_mnist",
            "builder": kl.applications.ConvAutoencoder,
            "dataset": "mnist",
            "measure": lambda model: {"mse": {"what": "an error", "value": 0.5}},
            "epochs": 2,
            "batch_size": 30_000,
            "optimizer": keras.optimizers.SGD,
            "learning_rate": 1e-4,
            **changes,
        }
    )


@pytest.mark.parametrize("name", NAMES)
def test_there_is_a_recipe_for_each_model(name):
    defined = importlib.import_module(f"applications.{name}").RECIPE
    assert defined.name == name
    assert defined.builder in BUILDERS.values()
    assert defined.dataset == name.rpartition("_")[2]


@pytest.mark.all
def test_a_recipe_writes_weights_that_load(tmp_path, monkeypatch):
    runs, output = tmp_path / "runs", tmp_path / "saved_models"
    seen = []

    def few_images(name, split, *arguments, **options):
        return real_epochs(name, "train[:60]", *arguments, **options)

    real_epochs = kl.datasets.epochs
    monkeypatch.setattr(kl.datasets, "epochs", few_images)
    real_load = kl.datasets.load
    monkeypatch.setattr(
        kl.datasets,
        "load",
        lambda name, split, *arguments: real_load(name, f"{split}[:60]", *arguments),
    )

    def augment(images, seed):
        seen.append(seed)
        return images

    defined = tiny(batch_size=20, augment=augment, notes="Nothing else.")
    command = ["recipe", "--output", str(output), "--runs", str(runs)]
    monkeypatch.setattr(sys, "argv", command)
    recipe.main(defined)
    folder = output / "conv_autoencoder_mnist"
    card = json.loads((folder / "card.json").read_text())
    assert card["sha256"] == weight_files.sha256(folder / "model.weights.h5")
    assert card["training"]["epochs"] == 2
    assert len(seen) == 1  # traced once
    page = (folder / "README.md").read_text()
    assert "| an error | 0.5 |" in page
    assert "Nothing else." in page

    monkeypatch.setattr(weight_files, "saved_models_folder", lambda: output)
    model = kl.applications.ConvAutoencoder(weights="mnist")
    last = kl.load_model(runs / "conv_autoencoder_mnist" / "model.keras")
    images, _ = kl.datasets.arrays("mnist", "test", limit=3)
    np.testing.assert_array_equal(model.encode(images), last.encode(images))

    # Started again, it trains the epochs that are missing and no others.
    monkeypatch.setattr(sys, "argv", [*command, "--epochs", "3"])
    recipe.main(defined)
    card = json.loads((folder / "card.json").read_text())
    assert card["training"]["epochs"] == 3


def test_targets_say_by_how_much_they_were_missed():
    measures = {"knn": {"value": 96.0}, "mse": {"value": 0.004}}
    targets = {"knn": ("≥", 97), "mse": ("≤", 0.005)}
    measures = mnist_measures.with_targets(measures, targets)
    assert measures["knn"]["target"] == "≥ 97, missed by 1"
    assert measures["mse"]["target"] == "≤ 0.005"


@pytest.mark.all
def test_recipes_run_as_modules():
    done = subprocess.run(
        [sys.executable, "-m", "applications.conv_vae_mnist", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert "conv_vae_mnist" in done.stdout


@pytest.fixture(scope="module")
def a_few_emoji(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFDS_DATA_DIR", str(tmp_path_factory.mktemp("prepared")))
        patch.setenv(emoji.ARCHIVES_VARIABLE, str(ROOT / "tests" / "data" / "emoji"))
        yield {split: emoji.emoji_columns(split) for split in ("train", "test")}


def test_pairs_differ_in_one_column_alone(a_few_emoji):
    train = a_few_emoji["train"]
    light, dark = emoji_measures.paired(train, "skin_tone", "light", "dark")
    assert len(light) == len(dark) > 0
    assert set(train["skin_tone"][light]) == {"light"}
    assert set(train["skin_tone"][dark]) == {"dark"}
    for column in ("glyph", "style", "category"):
        np.testing.assert_array_equal(train[column][light], train[column][dark])
    noto, twemoji = emoji_measures.paired(
        train, "style", "noto", "twemoji", skin_tone="none"
    )
    assert len(noto) == 16  # every glyph
    assert set(train["style"][noto]) == {"noto"}
    np.testing.assert_array_equal(train["glyph"][noto], train["glyph"][twemoji])


def test_measures_of_emoji(a_few_emoji):
    model = kl.applications.ConvAutoencoder(weights=None, input_shape=(64, 64, 3))
    measures = emoji_measures.measure(model)
    test = a_few_emoji["test"]
    error = np.mean((model.reconstruct(test["image"]) - test["image"]) ** 2)
    assert measures["mse"]["value"] == pytest.approx(error, rel=1e-4)
    assert measures["codes top-2"]["value"] == 100  # of two glyphs
    assert "chance 50 %" in measures["pixels top-1"]["what"]
    assert measures["darker"]["value"] > 0


def test_identity_edits_nothing(a_few_emoji):
    """With pixels for codes, the edit is known: the mean difference of the pairs."""
    train, test = a_few_emoji["train"], a_few_emoji["test"]

    class Identity:
        @staticmethod
        def to_decoder():
            return Identity

        @staticmethod
        def predict(codes, **options):
            return codes.reshape(-1, 64, 64, 3)

    def flat(columns):
        return columns["image"].reshape(len(columns["image"]), -1)

    measure = emoji_measures.darker(Identity, train, flat(train), test, flat(test))
    light, dark = emoji_measures.paired(train, "skin_tone", "light", "dark")
    edit = train["image"][dark].mean(0) - train["image"][light].mean(0)
    light, dark = emoji_measures.paired(test, "skin_tone", "light", "dark")
    images = test["image"]
    edited = np.mean((images[light] + edit - images[dark]) ** 2)
    unedited = np.mean((images[light] - images[dark]) ** 2)
    assert measure["darker"]["value"] == pytest.approx(edited / unedited, rel=1e-4)


def test_variations_stay_images(a_few_emoji):
    images = a_few_emoji["train"]["image"][:20]
    varied = emoji_augmentation.vary(images, np.array([0, 7])).numpy()
    again = emoji_augmentation.vary(images, np.array([0, 7])).numpy()
    np.testing.assert_array_equal(varied, again)
    other = emoji_augmentation.vary(images, np.array([0, 8])).numpy()
    assert not np.array_equal(varied, other)
    assert varied.shape == images.shape
    assert varied.min() >= 0
    assert varied.max() <= 1
    # Mirrored, shifted or with other colours, but with the same values.
    np.testing.assert_allclose(
        varied.mean((1, 2)).sum(-1), images.mean((1, 2)).sum(-1), atol=0.3
    )
