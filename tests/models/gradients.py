"""Gradients of objectives, for tests that compare two of them."""

import numpy as np
import tensorflow as tf
from keras import ops

from keras_latent.typing import Batch


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
