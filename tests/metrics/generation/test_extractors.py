"""The library's own extractors, by the names that scores carry."""

import numpy as np
import pytest

import keras_latent as kl
from keras_latent.metrics.generation.extractors import EXTRACTORS, own_extractor
from keras_latent.metrics.generation.features import Features
from keras_latent.reports.generated import model_extractor
from keras_latent.weights_hash import weights_hash


@pytest.fixture(scope="module")
def digits():
    images, labels = kl.datasets.arrays("mnist", "test", limit=120)
    return images, labels


@pytest.fixture(scope="module")
def of_digits():
    return own_extractor("mnist")


@pytest.mark.parametrize("name", ["emoji", "icons"])
def test_each_gives_finite_features_of_its_images(name):
    images = np.random.default_rng(0).random((2, 64, 64, 3), "float32")
    features = Features(name, None, 2)
    found = features.all("images", images)
    assert found.shape == (2, found.shape[1])
    assert found.std(axis=0).max() > 0
    assert features.protocol("FID")["name"] == f"FID-{name}"


def test_scores_carry_its_name_and_the_hash_of_its_weights(digits, of_digits):
    images, _ = digits
    score = kl.metrics.generation.kid(
        images, images[::-1], "mnist", subsets=2, subset_size=20
    )
    assert score.protocol["name"] == "KID-mnist"
    assert score.protocol["extractor_hash"] == weights_hash(of_digits)
    assert score.protocol["extractor_described"] == EXTRACTORS["mnist"].described
    told = model_extractor("mnist", None)
    assert told.name == "mnist"
    assert told.described.endswith(f"hash {weights_hash(of_digits)[:12]}")


def test_its_features_tell_digits_apart_that_pixels_confuse(digits, of_digits):
    images, labels = digits
    features = of_digits.predict(images, verbose=0)
    flat = images.reshape(len(images), -1)
    accuracy = {
        name: float(
            kl.metrics.knn_accuracy(rows[:60], labels[:60], rows[60:], labels[60:], k=1)
        )
        for name, rows in (("features", features), ("pixels", flat))
    }
    assert accuracy["features"] > accuracy["pixels"]


def test_another_name_is_refused_with_those_that_there_are():
    images = np.zeros((4, 8, 8, 1), "float32")
    with pytest.raises(ValueError, match=r"`extractor` must be.*mnist.*emoji.*icons"):
        kl.metrics.generation.fid(images, images, "inception")
