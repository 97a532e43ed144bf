"""Gradients of objectives, for tests that compare two of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.typing import Batch


def softplus(t):
    """log(1 + eᵗ), by NumPy."""
    return np.log1p(np.exp(t))


def gradients(model, objective):
    """Gradients of a scalar function with respect to the model's variables."""
    with tf.GradientTape() as tape:
        value = objective()
    variables = [variable.value for variable in model.trainable_variables]
    unconnected = tf.UnconnectedGradients.ZERO
    return tape.gradient(value, variables, unconnected_gradients=unconnected)


def loss(model, x, training=True):
    """The weighted sum of the terms of a batch."""
    terms = model.objective(Batch(x), training)
    return sum(
        weight * ops.mean(terms[term]) for term, weight in model._weight_by_term.items()
    )


def assert_same_gradients(first, second, atol=1e-5):
    """Equal, and not all of them nothing."""
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, atol=atol)
    assert max(np.abs(a).max() for a in first) > 1e-4


def assert_equals_reference(function, reference, *arrays, rtol=1e-5, atol=1e-6):
    """Value and gradient of a scalar function, against one in float64 of NumPy.

    The reference's gradient is that of central differences.
    """
    tensors = [tf.constant(a, tf.float32) for a in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    found = tape.gradient(value, tensors)
    exact = [np.asarray(t, "float64") for t in tensors]
    np.testing.assert_allclose(value, reference(*exact), rtol=rtol, atol=atol)
    for index, array in enumerate(exact):
        expected = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            values = []
            for step in (1e-5, -1e-5):
                moved = [a.copy() for a in exact]
                moved[index][place] += step
                values.append(reference(*moved))
            expected[place] = (values[0] - values[1]) / 2e-5
        gradient = 0.0 * array if found[index] is None else found[index]
        scale = max(np.abs(expected).max(), 1e-6)
        np.testing.assert_allclose(gradient / scale, expected / scale, atol=rtol)


def share_codes(source, target):
    """Give a model the weights of another's layers of the code."""
    for name, layer in source.own_layers().items():
        getattr(target, name).set_weights(layer.get_weights())


def without_variance(model):
    """Let a normal posterior draw its mean, but for a rounding."""
    kernel, bias = model.code_log_var.get_weights()
    model.code_log_var.set_weights([0.0 * kernel, 0.0 * bias - 20.0])


def assert_finite_training(model, x, y=None):
    """One step on some rows, and one on the single row that is left over."""
    optimizers = {name: keras.optimizers.SGD(1e-9) for name in model.players()}
    if len(optimizers) == 1:
        (optimizers,) = optimizers.values()
    model.compile(optimizers)
    logs = model.fit(x, y, batch_size=len(x) - 1, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
