"""The samplers that come with trained weights: found by the weights, and whole."""

import inspect
import json
import shutil
import sys

import numpy as np
import pytest

import keras_latent as kl
from applications import samplers as recipe
from keras_latent.applications import samplers, weight_files
from keras_latent.samplers.loading import SAMPLERS
from keras_latent.weights_hash import weights_hash

NAME = "conv_autoencoder_mnist"


@pytest.fixture(scope="module")
def model():
    return kl.applications.ConvAutoencoder(weights="mnist")


@pytest.fixture
def folder(model, tmp_path, monkeypatch):
    """A folder of one model that has two samplers."""
    place = tmp_path / NAME
    (place / "samplers").mkdir(parents=True)
    images = np.random.default_rng(0).random((40, 28, 28, 1), "float32")
    known = {}
    for name, components in (("gaussian_mixture", 3), ("normal", None)):
        options = {} if components is None else {"components": components}
        sampler = SAMPLERS[name](model, **options).fit(images)
        file = place / "samplers" / f"{name}.npz"
        sampler.save(file)
        known[name] = {"sha256": weight_files.sha256(file)}
    card = {"model_hash": weights_hash(model), "samplers": known}
    (place / "card.json").write_text(json.dumps(card))
    # One that has none.
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "card.json").write_text("{}")
    monkeypatch.setattr(samplers, "saved_models_folder", lambda: tmp_path)
    return place


def test_the_first_is_given_where_none_is_named(model, folder):
    assert samplers.list_samplers() == {NAME: ("gaussian_mixture", "normal")}
    found = samplers.pretrained_sampler(model)
    assert isinstance(found, kl.samplers.GaussianMixture)
    assert found.sample(2, seed=0).shape == (2, 28, 28, 1)
    named = samplers.pretrained_sampler(model, "normal")
    assert isinstance(named, kl.samplers.Normal)


@pytest.mark.parametrize("given", [3, None, kl.applications.ConvAutoencoder])
def test_what_is_no_model_is_refused(given):
    with pytest.raises(ValueError, match="`model` must be a latent model"):
        samplers.pretrained_sampler(given)


def test_other_names_are_refused(model, folder):
    with pytest.raises(ValueError, match="`name` must be one of 'gaussian_mixture', "):
        samplers.pretrained_sampler(model, "flow")


def test_other_weights_are_refused(folder):
    other = kl.applications.ConvAutoencoder(weights=None)
    with pytest.raises(ValueError, match=f"sampler came, unchanged: those of {NAME}"):
        samplers.pretrained_sampler(other)


def test_an_altered_file_is_refused(model, folder):
    file = folder / "samplers" / "normal.npz"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"'normal' must have the sha256 .* truncated"):
        samplers.pretrained_sampler(model, "normal")


def test_a_missing_file_is_named(model, folder):
    (folder / "samplers" / "normal.npz").unlink()
    with pytest.raises(FileNotFoundError, match=f"applications.samplers {NAME} normal"):
        samplers.pretrained_sampler(model, "normal")


@pytest.mark.parametrize("name", samplers.list_samplers())
def test_those_that_come_with_the_library_are_whole(name):
    card = json.loads(
        (weight_files.saved_models_folder() / name / "card.json").read_text()
    )
    model = getattr(kl.applications, card["builder"])(weights=card["dataset"])
    page = (weight_files.saved_models_folder() / name / "README.md").read_text()
    for sampler_name, known in card["samplers"].items():
        found = kl.applications.pretrained_sampler(model, sampler_name)
        label = None if found.classes is None else found.classes[0]
        if hasattr(model, "tokens"):
            # A blank image, of few different tokens, is far from a guess.
            blank = model.tokens(np.ones((1, *card["image_shape"]), "float32"))
            guess = -blank.size * np.log(model.quantizer.num_codes)
            assert found.log_prob(blank, label)[0] > guess / 4
        else:
            found.steps = 2
            assert np.isfinite(found.sample(2, seed=0, labels=label)).all()
        assert known["sha256"] in page
        assert all(each["what"] in page for each in known["measures"].values())


@pytest.mark.all
def test_tokens_that_come_with_the_library_are_drawn():
    model = kl.applications.ConvVQAutoencoder(weights="pictures")
    sampler = kl.applications.pretrained_sampler(model)
    images = sampler.sample(1, seed=0, labels=sampler.classes[-1])
    assert images.shape == (1, 64, 64, 3)
    assert images.std() > 0.01


def test_the_recipe_writes_a_sampler_beside_its_model(tmp_path, monkeypatch):
    known = weight_files.saved_models_folder() / NAME
    shutil.copytree(known, tmp_path / "models" / NAME)
    options = {"units": 4, "epochs": 1, "steps": 1}
    monkeypatch.setattr(recipe, "FITS", {NAME: {"flow_matching": options}})
    images = np.random.default_rng(0).random((20, 28, 28, 1), "float32")
    data = images, np.arange(20) % 2
    monkeypatch.setattr(recipe, "labelled", lambda dataset, split: data)
    found = {"kid": {"what": "a distance", "value": 0.5}}
    monkeypatch.setattr(recipe, "measure", lambda *given: found)
    words = [NAME, "flow_matching", "--saved-models", str(tmp_path / "models")]
    words += ["--runs", str(tmp_path / "runs")]
    monkeypatch.setattr(sys, "argv", ["samplers", *words])
    recipe.main()
    monkeypatch.setattr(samplers, "saved_models_folder", lambda: tmp_path / "models")
    model = kl.applications.ConvAutoencoder(weights="mnist")
    sampler = samplers.pretrained_sampler(model)
    assert sampler.classes.tolist() == [0, 1]
    page = (tmp_path / "models" / NAME / "README.md").read_text()
    assert "with units=4, epochs=1, steps=1;" in page
    assert "| a distance | 0.5 |" in page
    # Measuring again changes the measures alone.
    found["kid"]["value"] = 0.25
    monkeypatch.setattr(sys, "argv", ["samplers", *words, "--measure"])
    recipe.main()
    again = (tmp_path / "models" / NAME / "README.md").read_text()
    assert again == page.replace("0.5 |", "0.25 |")


def test_recipes_are_of_samplers_and_models_that_there_are():
    folders = weight_files.saved_models_folder()
    for name, fits in recipe.FITS.items():
        card = json.loads((folders / name / weight_files.CARD_FILE).read_text("utf-8"))
        model = getattr(kl.applications, card["builder"])(weights=None)
        for sampler_name, options in fits.items():
            assert SAMPLERS[sampler_name].suits(model)
            accepted = inspect.signature(SAMPLERS[sampler_name].__init__).parameters
            assert options.keys() <= accepted.keys()
