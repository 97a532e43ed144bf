"""Every argument of every callback, given what it can't be."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_latent import callbacks, models
from tests.nonsense import assert_told, every_argument

IMAGES = np.random.default_rng(0).random((4, 4, 5, 1), "float32")
PLACE = {"log_dir": "runs", "every": 1}
LINE = {"start": 0.5, "end": 1.0, "duration": 3}
CALLBACKS = [
    (callbacks.CodeHistograms, {"images": IMAGES, **PLACE}),
    (callbacks.CodeUsage, {"images": IMAGES, "threshold": 0.01, "patience": 3}),
    (callbacks.Cyclic, {"start": 0.5, "end": 1.0, "period": 3, "ramp": 0.5}),
    (
        callbacks.EmbeddingProjector,
        {
            "images": IMAGES,
            "labels": [0, 1, 0, 1],
            "class_names": ["cat", "dog"],
            "name": "code",
            **PLACE,
        },
    ),
    (callbacks.Exponential, LINE),
    (
        callbacks.LatentEquilibrium,
        {"monitor": "latent_length", "min_delta": 0.1, "patience": 3, "verbose": 0},
    ),
    (callbacks.LearningCurves, {"log_dir": "runs"}),
    (callbacks.Linear, LINE),
    (callbacks.ReconstructionImages, {"images": IMAGES, **PLACE}),
    (callbacks.SampleImages, {"count": 2, "seed": 0, **PLACE}),
    (
        callbacks.WeightSchedule,
        {"weight": "beta", "schedule": callbacks.Linear(**LINE), "by": "step"},
    ),
]
# Names, which only a model or a folder can tell from nonsense.
ALLOWED = {
    *((kind.__name__, "log_dir", "text") for kind, _ in CALLBACKS),
    ("EmbeddingProjector", "name", "text"),
    ("LatentEquilibrium", "monitor", "text"),
    ("WeightSchedule", "weight", "text"),
}
WATCHING = {
    "CodeHistograms": callbacks.CodeHistograms,
    "CodeUsage": lambda images, path: callbacks.CodeUsage(images),
    "EmbeddingProjector": callbacks.EmbeddingProjector,
    "ReconstructionImages": callbacks.ReconstructionImages,
}
every_watching = pytest.mark.parametrize("make", WATCHING.values(), ids=WATCHING)


def test_every_callback_is_here():
    names = {kind.__name__ for kind, _ in CALLBACKS}
    assert names == set(callbacks.__all__) - {"Schedule"}


@pytest.mark.parametrize(("kind", "good"), CALLBACKS)
def test_what_is_called_good_is_made(kind, good):
    kind(**good)


@every_argument(CALLBACKS, ALLOWED)
def test_nonsense_is_refused_in_words(function, good, argument, value):
    assert_told(function, good, argument, value)


@every_watching
@pytest.mark.parametrize(
    "images",
    [IMAGES[:0], {"a": IMAGES, "b": IMAGES[:3]}, {}, np.float32(0)],
    ids=["none", "uneven", "empty", "one number"],
)
def test_no_rows_are_refused(make, images, tmp_path):
    with pytest.raises(ValueError, match=r"`images` must .*Received: images of shapes"):
        make(images, tmp_path)


def test_the_usage_of_one_image_is_refused():
    with pytest.raises(ValueError, match=r"at least 2\..*\(1, 4, 5, 1\)"):
        callbacks.CodeUsage(IMAGES[:1])


def assert_refused_before_a_step(model, x, callback, match):
    before = model.get_weights()
    with pytest.raises(ValueError, match=match):
        model.fit(x, callbacks=[callback], verbose=0)
    assert int(model.optimizer.iterations) == 0
    np.testing.assert_equal(model.get_weights(), before)


@every_watching
def test_images_of_another_size_are_refused_before_a_step(make, vae, images, tmp_path):
    callback = make(np.zeros((4, 8, 8, 1), "float32"), tmp_path)
    assert_refused_before_a_step(vae, images, callback, r"`images` must .*\(., 8, 8, 1")
    assert list(tmp_path.iterdir()) == []


@every_watching
def test_other_models_are_refused_before_a_step(make, images, tmp_path):
    model = keras.Sequential([keras.Input((4, 5, 1)), layers.Flatten()])
    model.compile("sgd", loss="mse")
    callback = make(images, tmp_path)
    with pytest.raises(ValueError, match=r"`model` must be a latent .*Sequential"):
        model.fit(images, images.reshape(6, 20), callbacks=[callback], verbose=0)


def test_samples_that_are_no_images_are_refused_before_a_step(tmp_path):
    encoder = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
    model = models.VAE(encoder, decoder, likelihood="gaussian")
    model.compile("sgd")
    x = np.zeros((4, 3), "float32")
    callback = callbacks.SampleImages(tmp_path)
    assert_refused_before_a_step(model, x, callback, "`images` must hold a tensor")
