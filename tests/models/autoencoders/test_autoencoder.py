import math

import numpy as np
import pytest

from keras_latent import datasets, models
from keras_latent.likelihoods import Gaussian
from keras_latent.models import Autoencoder
from keras_latent.typing import Batch
from tests.models.cases import dense_networks, images, map_networks


def test_reconstruction_is_the_negative_log_density():
    model, x = Autoencoder(**dense_networks()), images(5)
    mean = np.array(model.decode(model.encode(x)))
    expected = 0.5 * np.sum((x - mean) ** 2 + math.log(2 * math.pi), axis=(1, 2, 3))
    terms = model.objective(Batch(x), training=False)
    np.testing.assert_allclose(terms["reconstruction"], expected, rtol=1e-5)


def test_another_scale_of_the_likelihood():
    model = Autoencoder(**dense_networks(), likelihood=Gaussian(scale=0.5))
    x = images(5)
    mean = np.array(model.decode(model.encode(x)))
    expected = np.sum(
        0.5 * ((x - mean) / 0.5) ** 2 + math.log(0.5) + 0.5 * math.log(2 * math.pi),
        axis=(1, 2, 3),
    )
    terms = model.objective(Batch(x), training=False)
    np.testing.assert_allclose(terms["reconstruction"], expected, rtol=1e-5)


def test_the_code_is_an_affine_map_of_the_flattened_features():
    model, x = Autoencoder(**map_networks()), images(5)
    features = np.array(model.encoder(x)).reshape(5, -1)
    kernel, bias = model.code.get_weights()
    np.testing.assert_allclose(model.encode(x), features @ kernel + bias, atol=1e-5)


def test_evaluate_gives_the_mean_over_all_rows():
    model, x = Autoencoder(**dense_networks()), images(7)
    model.compile(run_eagerly=True)
    values = model.objective(Batch(x), training=False)["reconstruction"]
    logs = model.evaluate(x, batch_size=3, return_dict=True, verbose=0)
    assert logs["loss"] == pytest.approx(float(np.mean(values)), rel=1e-5)


def test_a_learned_scale_is_moved():
    model = Autoencoder(**dense_networks(), likelihood=Gaussian(learn_scale=True))
    model.compile(run_eagerly=True)
    model.fit(images(8), epochs=2, verbose=0)
    assert float(model.likelihood.log_scale) < 0.0


def test_compiled_metrics_compare_with_the_reconstruction():
    model, x = Autoencoder(**dense_networks()), images(6)
    model.compile(metrics=["mae"], run_eagerly=True)
    logs = model.evaluate(x, batch_size=4, return_dict=True, verbose=0)
    expected = np.mean(np.abs(x - np.array(model.reconstruct(x))))
    assert logs["mae"] == pytest.approx(expected, rel=1e-5)


def test_gradients_of_a_batch_are_those_of_the_mean():
    x = images(4)
    moved = []
    for data in (x, np.concatenate([x, x])):
        model = Autoencoder(**dense_networks())
        rng = np.random.default_rng(0)
        model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
        model.reconstruction_weight.assign(1.0)
        model.compile("sgd", run_eagerly=True)
        model.fit(data, batch_size=8, verbose=0)
        moved.append(model.get_weights())
    for a, b in zip(*moved, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.all
def test_default_networks_learn_dark_images():
    """They don't collapse to black, as a sigmoid under a squared error does."""
    digits, _ = datasets.arrays("mnist", "train", limit=1920)
    model = models.Autoencoder.for_images((28, 28, 1), latent_dim=16)
    model.compile()
    model.fit(digits, batch_size=64, epochs=2, verbose=0)
    few = digits[:200]
    error = np.mean((model.predict(few, verbose=0) - few) ** 2)
    assert error < 0.8 * np.mean(few**2)


@pytest.mark.parametrize(
    ("variant", "options", "activation"),
    [
        (models.Autoencoder, {}, "linear"),
        (models.VAE, {}, "linear"),  # logits
        (models.VAE, {"likelihood": "continuous_bernoulli"}, "linear"),
        (models.EncDec, {}, "sigmoid"),
        (models.EncDec, {"likelihood": "bernoulli"}, "linear"),
        (models.VariationalEncDec, {}, "sigmoid"),
    ],
)
def test_how_default_decoders_end(variant, options, activation):
    model = variant.for_images((8, 8, 1), latent_dim=2, **options)
    assert model.decoder.layers[-1].activation.__name__ == activation
