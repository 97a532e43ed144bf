import numpy as np
import pytest
import tensorflow as tf

from keras_latent import gradients

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
MATRIX = np.random.default_rng(1).normal(size=(3, 2)).astype("float32")


class TestSharedPass:
    def two(self, function, x):
        return function(x), function(gradients.stop_gradient(x))

    def pulls(self, both_passes, weights, x):
        """Gradients of a loss that tells the two results apart."""

        def function(x):
            return tf.tanh(x @ weights)

        with tf.GradientTape() as tape:
            tape.watch(x)
            live, stopped = both_passes(function, x)
            loss = tf.reduce_sum(live**2) + tf.reduce_sum(tf.sin(3.0 * stopped))
        return tape.gradient(loss, [weights, x])

    def test_equals_two_passes(self):
        weights, x = tf.Variable(MATRIX), tf.constant(X)
        found = self.pulls(gradients.shared_pass, weights, x)
        expected = self.pulls(self.two, weights, x)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)

    def test_equals_two_passes_in_a_graph(self):
        weights, x = tf.Variable(MATRIX), tf.constant(X)
        found = tf.function(lambda: self.pulls(gradients.shared_pass, weights, x))()
        expected = self.pulls(self.two, weights, x)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)

    def test_calls_the_function_once(self):
        calls = []
        gradients.shared_pass(lambda x: calls.append(1) or x, tf.constant(X))
        assert len(calls) == 1

    def test_keeps_dicts_and_tuples(self):
        x = {"a": tf.constant(X), "b": tf.constant(2.0 * X)}
        with tf.GradientTape() as tape:
            tape.watch(x)
            live, stopped = gradients.shared_pass(
                lambda x: (x["a"] * x["b"], x["a"]), x
            )
            loss = tf.reduce_sum(live[0]) + 100.0 * tf.reduce_sum(stopped[1])
        pulls = tape.gradient(loss, x)
        np.testing.assert_allclose(live[0], 2.0 * X**2, rtol=1e-6)
        np.testing.assert_array_equal(stopped[1], X)
        np.testing.assert_allclose(pulls["a"], 2.0 * X, rtol=1e-6)
        np.testing.assert_allclose(pulls["b"], X, rtol=1e-6)


class TestJacobianNorm:
    def function(self, x):
        return tf.tanh(tf.reshape(x, (-1, 3)) @ MATRIX)

    def expected(self):
        slope = 1.0 - np.tanh(X @ MATRIX) ** 2
        jacobian = slope[:, None, :] * MATRIX[None]
        return (jacobian**2).sum(axis=(1, 2))

    def test_equals_the_closed_form(self):
        _, found = gradients.with_squared_jacobian_norm(self.function, tf.constant(X))
        np.testing.assert_allclose(found, self.expected(), rtol=1e-5)

    def test_of_images(self):
        images = tf.reshape(X, (4, 3, 1, 1))
        _, found = gradients.with_squared_jacobian_norm(self.function, images)
        np.testing.assert_allclose(found, self.expected(), rtol=1e-5)

    def test_float32_of_half_precision(self):
        half = tf.constant(X, "float16")
        _, found = gradients.with_squared_jacobian_norm(lambda x: 2 * x, half)
        assert found.dtype == "float32"
        np.testing.assert_array_equal(found, 12.0)

    def test_can_be_differentiated(self):
        weights = tf.Variable(MATRIX)
        with tf.GradientTape() as tape:
            _, norm = gradients.with_squared_jacobian_norm(
                lambda x: x @ weights, tf.constant(X[:1])
            )
        np.testing.assert_allclose(tape.gradient(norm, weights), 2 * MATRIX, rtol=1e-5)

    @pytest.mark.parametrize("probes", [1, 3])
    def test_estimate_with_known_probes(self, probes):
        draws = np.random.default_rng(2).normal(size=(probes, 4, 2)).astype("float32")
        left = iter(draws)
        _, found = gradients.with_estimated_squared_jacobian_norm(
            lambda x: x @ MATRIX, tf.constant(X), probes, lambda code: next(left)
        )
        expected = np.mean([((v @ MATRIX.T) ** 2).sum(axis=-1) for v in draws], axis=0)
        np.testing.assert_allclose(found, expected, rtol=1e-5)

    def test_estimate_is_right_on_average(self):
        _, found = gradients.with_estimated_squared_jacobian_norm(
            self.function,
            tf.constant(np.tile(X, (1500, 1))),
            2,
            lambda code: tf.random.stateless_normal(code.shape, seed=(1, 2)),
        )
        average = np.reshape(found, (1500, 4)).mean(axis=0)
        np.testing.assert_allclose(average, self.expected(), rtol=0.1)


def test_stop_gradient_cuts_every_tensor():
    x = {"a": tf.constant(X), "b": tf.constant(X)}
    with tf.GradientTape() as tape:
        tape.watch(x)
        stopped = gradients.stop_gradient(x)
        loss = tf.reduce_sum(stopped["a"] * stopped["b"])
    assert tape.gradient(loss, x) == {"a": None, "b": None}
