"""ImplicitRankAutoencoder: the autoencoder that it is, and the rank that it finds."""

import keras
import numpy as np
import pytest

from keras_latent.models import Autoencoder, ImplicitRankAutoencoder
from tests.models import gradients
from tests.models.cases import LATENT_DIM, dense_networks, images, spatial_networks

X = images(6)


def build(**arguments):
    return ImplicitRankAutoencoder(**{**dense_networks(), **arguments})


def first_layer(model):
    return model.code.layers[0]


def test_without_matrices_it_is_the_autoencoder():
    networks = dense_networks()
    model, plain = build(**networks, linear_layers=0), Autoencoder(**networks)
    plain.code.set_weights(first_layer(model).get_weights())
    found, expected = (
        gradients.gradients(m, lambda m=m: gradients.loss(m, X)) for m in (model, plain)
    )
    order = [v.path for v in model.trainable_variables]
    assert len(order) == len(plain.trainable_variables)
    gradients.assert_same_gradients(found, expected)


@pytest.mark.parametrize("networks", [dense_networks, spatial_networks])
def test_the_code_is_the_product(networks):
    made = networks()
    model, plain = build(**made, linear_layers=3), Autoencoder(**made)
    plain.code.set_weights(first_layer(model).get_weights())
    expected = plain.encode(X) @ model.linear_map()
    np.testing.assert_allclose(model.encode(X), expected, rtol=1e-5, atol=1e-6)
    for layer in model.code.layers[1:]:
        layer.set_weights([np.eye(model.code_shape[-1])])
    np.testing.assert_allclose(model.encode(X), plain.encode(X), rtol=1e-5)
    np.testing.assert_allclose(model.reconstruct(X), plain.reconstruct(X), rtol=1e-5)


def test_the_matrices_begin_as_the_effect_wants_it():
    decoder = keras.Sequential([keras.Input((64,)), keras.layers.Dense(2)])
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Flatten()])
    model = ImplicitRankAutoencoder(encoder, decoder, linear_layers=2)
    for layer in model.code.layers[1:]:
        assert len(layer.weights) == 1
        kernel = np.array(layer.kernel)
        assert np.abs(kernel).max() <= 1 / 8 + 1e-6
        assert np.abs(kernel).max() > 0.99 / 8
        assert kernel.std() == pytest.approx(1 / 8 / np.sqrt(3), rel=0.03)


def test_every_matrix_is_the_models_once():
    model = build(linear_layers=2)
    plain = Autoencoder(**dense_networks())
    count = plain.count_params() + 2 * LATENT_DIM**2
    assert model.count_params() == count
    assert len({id(v) for v in model.variables}) == len(model.variables)


@pytest.mark.all
def test_codes_of_few_dimensions_suffice():
    """Trained on data of one dimension, its codes have a lower rank than without."""
    line = np.random.default_rng(0).normal(size=(10000, 1))
    x = (line @ np.ones((1, 4))).astype("float32")

    def rank(layers):
        keras.utils.set_random_seed(0)
        encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "tanh")])
        decoder = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        model = ImplicitRankAutoencoder(encoder, decoder, linear_layers=layers)
        model.compile(keras.optimizers.Adam(3e-3))
        model.fit(x, batch_size=64, verbose=0)
        values = np.linalg.svd(np.cov(model.encode(x[:256]), rowvar=False))[1]
        part = values / values.sum()
        return float(np.exp(-np.sum(part * np.log(part + 1e-12))))

    assert rank(6) < rank(0)


@pytest.mark.all
def test_one_row_and_large_inputs():
    model = build(**dense_networks(output_activation=None))
    gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize("value", [-1, 1.5, "4"])
def test_bad_arguments(value):
    message = rf"`linear_layers` must be.*linear_layers={value!r}"
    with pytest.raises(ValueError, match=message):
        build(linear_layers=value)
