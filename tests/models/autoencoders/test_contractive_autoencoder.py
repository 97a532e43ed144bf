import keras
import numpy as np
import pytest

from keras_latent.models import Autoencoder, ContractiveAutoencoder
from tests.models import gradients
from tests.models.cases import dense_networks, images


def test_probes_are_right_on_average():
    networks, x = dense_networks(), np.tile(images(2), (300, 1, 1, 1))
    exact = ContractiveAutoencoder(**networks)
    estimated = ContractiveAutoencoder(**networks, probes=10, seed=1)
    estimated.code.set_weights(exact.code.get_weights())
    # The relative standard error of 3000 probes is below √(2 / 3000) = 2.6 %.
    estimates = np.reshape(estimated.squared_jacobian_norm(x), (300, 2))
    np.testing.assert_allclose(
        estimates.mean(axis=0), exact.squared_jacobian_norm(x[:2]), rtol=0.1
    )


def test_probes_differ_from_draw_to_draw():
    model, x = ContractiveAutoencoder(**dense_networks(), probes=1), images(2)
    first, second = model.squared_jacobian_norm(x), model.squared_jacobian_norm(x)
    assert np.abs(first - second).min() > 0.0


@pytest.mark.parametrize("probes", [None, 2])
def test_without_contraction_it_is_the_autoencoder(probes):
    networks, x = dense_networks(), images(6)
    model = ContractiveAutoencoder(**networks, contraction_weight=0.0, probes=probes)
    plain = Autoencoder(**networks)
    plain.code.set_weights(model.code.get_weights())
    gradients.assert_same_gradients(
        gradients.gradients(model, lambda: gradients.loss(model, x)),
        gradients.gradients(plain, lambda: gradients.loss(plain, x)),
    )


@pytest.mark.all
def test_contraction_makes_the_code_steadier():
    norms = []
    for weight in (0.0, 10.0):
        keras.utils.set_random_seed(1)
        model = ContractiveAutoencoder(**dense_networks(), contraction_weight=weight)
        model.compile("adam")
        model.fit(images(16), epochs=8, verbose=0)
        norms.append(float(np.mean(model.squared_jacobian_norm(images(16)))))
    assert norms[1] < norms[0]


@pytest.mark.parametrize("probes", [0, -1, 2.5, True])
def test_probes_must_be_a_positive_integer(probes):
    with pytest.raises(ValueError, match=rf"`probes`.*Received: probes={probes}"):
        ContractiveAutoencoder(**dense_networks(), probes=probes)


@pytest.mark.all
def test_the_exact_norm_trains_under_xla():
    model, x = ContractiveAutoencoder(**dense_networks()), images(4)
    expected = float(gradients.loss(model, x))
    model.compile(keras.optimizers.SGD(0.01), jit_compile=True)
    losses = model.fit(x, epochs=2, verbose=0).history["loss"]
    assert losses[0] == pytest.approx(expected, rel=1e-4)
    assert losses[1] < losses[0]
