import keras
import numpy as np
import pytest

from keras_latent.models import Autoencoder, SparseAutoencoder
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images


def test_terms():
    model, x = SparseAutoencoder(**dense_networks()), images(5)
    terms = model.objective(Batch(x), training=False)
    layers = [model.encoder.layers[1], model.code, *model.decoder.layers[:2]]
    kernels = [np.array(layer.kernel) for layer in layers]
    l1 = sum(np.abs(kernel).sum() for kernel in kernels)
    l2 = sum((kernel**2).sum() for kernel in kernels)
    assert float(terms["l1"]) == pytest.approx(l1, rel=1e-5)
    assert float(terms["l2"]) == pytest.approx(l2, rel=1e-5)
    activity = np.abs(np.array(model.encode(x))).sum(axis=-1)
    np.testing.assert_allclose(terms["activity"], activity, rtol=1e-5)


def test_without_penalties_it_is_the_autoencoder():
    networks, x = dense_networks(), images(6)
    sparse = SparseAutoencoder(**networks, l1=0.0, l2=0.0, activity=0.0)
    plain = Autoencoder(**networks)
    plain.code.set_weights(sparse.code.get_weights())
    gradients.assert_same_gradients(
        gradients.gradients(sparse, lambda: gradients.loss(sparse, x)),
        gradients.gradients(plain, lambda: gradients.loss(plain, x)),
    )


def test_penalties_do_not_depend_on_the_batch_size():
    model, x = SparseAutoencoder(**dense_networks(), l1=0.5), images(8)
    model.compile(run_eagerly=True)
    logs = [
        model.evaluate(x, batch_size=size, return_dict=True, verbose=0)
        for size in (8, 3)
    ]
    assert logs[0] == pytest.approx(logs[1], rel=1e-5)


@pytest.mark.all
def test_activity_makes_codes_smaller():
    sizes = []
    for activity in (0.0, 10.0):
        keras.utils.set_random_seed(1)
        model = SparseAutoencoder(**dense_networks(), activity=activity)
        model.compile("adam")
        model.fit(images(16), epochs=15, verbose=0)
        sizes.append(np.abs(np.array(model.encode(images(16)))).mean())
    assert sizes[1] < sizes[0]
