import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from keras_latent import losses

A = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
B = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")


class TestStandardNormalKl:
    @pytest.mark.parametrize(
        ("mean", "log_var"), [(0.0, 0.0), (1.3, -0.7), (-2.0, 1.0)]
    )
    def test_equals_the_integral(self, mean, log_var):
        posterior = stats.norm(mean, np.exp(0.5 * log_var))

        def integrand(z):
            return posterior.pdf(z) * (posterior.logpdf(z) - stats.norm.logpdf(z))

        expected, _ = integrate.quad(integrand, -15, 15)
        found = float(losses.standard_normal_kl(mean, log_var))
        assert found == pytest.approx(expected, abs=1e-5)

    def test_is_the_sum_of_its_parts(self):
        np.testing.assert_allclose(
            losses.standard_normal_kl(A, B),
            losses.mean_divergence(A) + losses.variance_divergence(B),
            rtol=1e-6,
        )

    def test_keeps_the_shape(self):
        assert losses.standard_normal_kl(A, B).shape == (5, 3)


class TestDistances:
    def test_squared_distance_is_a_mean_over_the_dimensions(self):
        expected = ((A - B) ** 2).mean(axis=-1)
        np.testing.assert_allclose(losses.squared_distance(A, B), expected, rtol=1e-6)

    def test_distance_is_its_root(self):
        expected = np.sqrt(((A - B) ** 2).mean(axis=-1))
        np.testing.assert_allclose(losses.distance(A, B), expected, rtol=1e-6)

    def test_gradient_of_the_distance(self):
        a = tf.constant(A)
        with tf.GradientTape() as tape:
            tape.watch(a)
            total = tf.reduce_sum(losses.distance(a, B))
        root = np.sqrt(((A - B) ** 2).mean(axis=-1, keepdims=True))
        np.testing.assert_allclose(
            tape.gradient(total, a), (A - B) / (3 * root), rtol=1e-5
        )

    def test_gradient_at_zero_is_zero(self):
        a = tf.constant(A)
        with tf.GradientTape() as tape:
            tape.watch(a)
            total = tf.reduce_sum(losses.distance(a, A))
        np.testing.assert_array_equal(tape.gradient(total, a), 0.0)


class TestContrasts:
    def test_same(self):
        expected = 0.5 * ((A - B) ** 2).mean(axis=-1)
        np.testing.assert_allclose(losses.same(A, B), expected, rtol=1e-6)

    @pytest.mark.parametrize("margin", [0.0, 0.5, 1.5])
    def test_different(self, margin):
        distance = np.sqrt(((A - B) ** 2).mean(axis=-1))
        expected = 0.5 * np.maximum(margin - distance, 0.0) ** 2
        found = losses.different(A, B, margin)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)

    def test_different_has_a_margin_of_one(self):
        np.testing.assert_array_equal(
            losses.different(A, B), losses.different(A, B, margin=1.0)
        )


def test_formulas_take_symbolic_tensors():
    a, b = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([a, b], losses.different(a, b, 1.5))
    np.testing.assert_allclose(model([A, B]), losses.different(A, B, 1.5), rtol=1e-6)
