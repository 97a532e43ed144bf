"""RegularizedAutoencoder: each penalty against NumPy, and the plain autoencoder."""

import keras
import numpy as np
import pytest

from keras_latent.models import Autoencoder, RegularizedAutoencoder
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images, mixed_networks

X = images(6)


def build(**arguments):
    return RegularizedAutoencoder(**{**dense_networks(), "seed": 1, **arguments})


def linear(**arguments):
    """A model of two numbers whose decoder is a matrix, and the matrix."""
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Flatten()])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model = RegularizedAutoencoder(encoder, decoder, seed=1, **arguments)
    matrix = np.array([[3.0, 1.0], [0.0, 0.5]], "float32")
    decoder.layers[0].set_weights([matrix, np.ones(2)])
    return model, matrix


def test_terms_of_a_linear_decoder():
    x = np.random.default_rng(0).normal(size=(4000, 2)).astype("float32")
    model, matrix = linear(penalty="l2")
    terms = model.objective(Batch(x), True)
    z = model.encode(x).astype("float64")
    np.testing.assert_allclose(terms["code"], 0.5 * (z**2).sum(1), rtol=1e-5)
    assert float(terms["penalty"]) == pytest.approx((matrix**2).sum() + 2.0)
    constant = np.log(2 * np.pi)
    errors = 0.5 * ((x - z @ matrix - 1.0) ** 2).sum(axis=1)
    np.testing.assert_allclose(terms["reconstruction"], errors + constant, rtol=1e-5)
    model, matrix = linear(penalty="gradient")
    norms = np.array(model.objective(Batch(x), True)["penalty"])
    assert norms.shape == (4000,)
    error = norms.std() / np.sqrt(4000)
    assert abs(norms.mean() - (matrix**2).sum()) < 4 * error
    model, matrix = linear(penalty="spectral")
    model.spectral_norms.iterations = 50
    found = float(model.objective(Batch(x), True)["penalty"])
    assert found == pytest.approx(np.linalg.norm(matrix, 2) ** 2, rel=1e-5)


def test_a_projection_of_the_gradient_against_numpy():
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    model, matrix = linear(penalty="gradient", probes=2)
    state = np.array(model.noise.seed_generator.state)
    found = model.objective(Batch(x), True)["penalty"]
    model.noise.seed_generator.state.assign(state)
    probes = [np.array(model.noise(np.zeros((5, 2), "float32"))) for _ in range(2)]
    expected = np.mean([((v @ matrix.T) ** 2).sum(1) for v in probes], axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_gradients_penalty_moves_the_decoder_by_its_derivative():
    """Of a linear decoder, d‖vᵀW‖²/dW = 2 W v vᵀ, averaged over the rows."""
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    model, matrix = linear(penalty="gradient")
    state = np.array(model.noise.seed_generator.state)
    v = np.array(model.noise(np.zeros((5, 2), "float32")))
    model.noise.seed_generator.state.assign(state)
    pulls = gradients.gradients(
        model, lambda: keras.ops.mean(model.objective(Batch(x), True)["penalty"])
    )
    index = [v is model.decoder.layers[0].kernel for v in model.trainable_variables]
    found = pulls[index.index(True)]
    np.testing.assert_allclose(found, 2.0 * matrix @ (v.T @ v) / 5, rtol=1e-5)


@pytest.mark.parametrize("penalty", ["l2", "gradient", "spectral", None])
def test_without_its_weights_it_is_the_autoencoder(penalty):
    networks = dense_networks()
    model = build(**networks, penalty=penalty, code_weight=0.0, penalty_weight=0.0)
    plain = Autoencoder(**networks)
    gradients.share_codes(model, plain)
    found, expected = (
        gradients.gradients(m, lambda m=m: gradients.loss(m, X)) for m in (model, plain)
    )
    gradients.assert_same_gradients(found, expected, atol=1e-6)


def test_training_follows_the_largest_singular_values():
    model = build(penalty="spectral", penalty_weight=0.0)
    model.compile(keras.optimizers.SGD(1e-4))
    model.fit(np.tile(X, (40, 1, 1, 1)), batch_size=6, verbose=0)
    kernels = [layer.kernel for layer in model.decoder.layers if layer.weights]
    expected = sum(np.linalg.norm(np.array(kernel), 2) ** 2 for kernel in kernels)
    found = float(model.objective(Batch(X), False)["penalty"])
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("penalty", "weight"), [("l2", 3.9e-5), ("gradient", 5e-3), ("spectral", 5e-3)]
)
def test_each_penalty_has_its_weight(penalty, weight):
    assert float(build(penalty=penalty).penalty_weight) == pytest.approx(weight)
    given = build(penalty=penalty, penalty_weight=0.25)
    assert float(given.penalty_weight) == 0.25


@pytest.mark.all
@pytest.mark.parametrize("penalty", ["l2", "gradient", "spectral", None])
def test_one_row_and_large_inputs(penalty):
    model = build(**dense_networks(output_activation=None), penalty=penalty)
    gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"penalty": "l1"}, r"`penalty` must be one of 'l2', 'gradient', 'spectral'"),
        ({"code_weight": -1.0}, r"`code_weight` must be a number.*=-1.0"),
        ({"penalty_weight": -1.0}, r"`penalty_weight` must be a number.*=-1.0"),
        ({"probes": 0}, r"`probes` must be a positive integer.*=0"),
        (
            {"penalty": None, "penalty_weight": 0.1},
            r"`penalty_weight` must be 0 where `penalty` is None.*=0.1",
        ),
        (
            {
                **mixed_networks(),
                "likelihood": {"image": "gaussian", "category": "categorical"},
                "penalty": "gradient",
            },
            r"`decoder` must give one tensor for RegularizedAutoencoder",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)
