import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.layers import SpectralNorms
from keras_latent.training.moved_by_data import collected_moves

RNG = np.random.default_rng(0)
KERNELS = [RNG.normal(size=shape).astype("float32") for shape in ((5, 3), (2, 2, 3, 4))]


def largest(kernel):
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]


def test_values_and_gradients_are_those_of_the_decomposition():
    layer = SpectralNorms(iterations=200)
    tensors = [tf.constant(kernel) for kernel in KERNELS]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        norms = layer(tensors)
        total = tf.reduce_sum(norms)
    np.testing.assert_allclose(norms, [largest(k) for k in KERNELS], rtol=1e-5)
    for kernel, found in zip(KERNELS, tape.gradient(total, tensors), strict=True):
        left, _, right = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]))
        expected = np.outer(left[:, 0], right[0]).reshape(kernel.shape)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_it_goes_on_where_it_was():
    layer = SpectralNorms(iterations=1)
    for _ in range(200):
        with collected_moves() as moves:
            norms = layer(KERNELS)
        for move in moves:
            move.variable.assign(move.value)
    np.testing.assert_allclose(norms, [largest(k) for k in KERNELS], rtol=1e-5)


def test_a_settled_layer_is_right_at_once():
    layer = SpectralNorms(iterations=1)
    layer.build([kernel.shape for kernel in KERNELS])
    layer.settle(KERNELS)
    np.testing.assert_allclose(layer(KERNELS), [largest(k) for k in KERNELS], rtol=1e-5)


def test_outside_a_step_nothing_moves():
    layer = SpectralNorms()
    first = layer(KERNELS)
    np.testing.assert_array_equal(layer(KERNELS), first)


def test_a_kernel_of_zeros_has_none():
    assert float(SpectralNorms()([np.zeros((3, 2), "float32")])[0]) == 0.0


def test_config():
    config = SpectralNorms(iterations=7).get_config()
    assert SpectralNorms.from_config(config).iterations == 7


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`iterations` must be a positive.*=0"):
        SpectralNorms(iterations=0)
    assert keras.saving.get_registered_name(SpectralNorms)
