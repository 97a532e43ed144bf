import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import keras_latent as kl
from keras_latent.distributions.crossed import (
    crossed_log_prob,
    crossed_normal_log_prob,
)

GENERATOR = np.random.default_rng(0)


def normals(rows, shape, spread=1.0):
    mean = spread * GENERATOR.normal(size=(rows, *shape))
    log_var = GENERATOR.normal(size=(rows, *shape))
    return mean.astype("float32"), log_var.astype("float32")


@pytest.mark.parametrize("shape", [(3,), (2, 2, 4)])
def test_normal_ones_are_those_of_scipy(shape):
    z = GENERATOR.normal(size=(5, *shape)).astype("float32")
    mean, log_var = normals(7, shape)
    expected = stats.norm.logpdf(z[:, None], mean[None], np.exp(0.5 * log_var)[None])
    found = crossed_normal_log_prob(z, mean, log_var)
    np.testing.assert_allclose(
        found, expected.reshape(5, 7, -1).sum(-1), rtol=2e-6, atol=1e-5
    )


def test_narrow_ones_far_from_0_keep_what_cancels():
    mean = np.full((1, 50), 30.0, "float32")
    log_var = np.full((1, 50), -14.0, "float32")
    z = (mean + np.exp(-7.0) * GENERATOR.normal(size=(4, 50))).astype("float32")
    expected = stats.norm.logpdf(z.astype("float64"), mean, np.exp(0.5 * log_var))
    found = crossed_normal_log_prob(z, mean, log_var)[:, 0]
    np.testing.assert_allclose(found, expected.sum(-1), rtol=1e-5)


def test_no_density_comes_out_above_its_greatest_value():
    mean = 1e4 * GENERATOR.normal(size=(3, 50)).astype("float32")
    log_var = np.full((3, 50), -20.0, "float32")
    found = np.diag(crossed_normal_log_prob(mean, mean, log_var))
    np.testing.assert_array_less(found, 25 * (20 - np.log(2 * np.pi)) * (1 + 1e-6))


def test_in_a_graph_that_knows_no_size():
    prior = kl.distributions.NormalMixture(3)
    prior.build((2,))
    graph = tf.function(prior.log_prob, input_signature=[tf.TensorSpec([None, None])])
    z = GENERATOR.normal(size=(4, 2)).astype("float32")
    np.testing.assert_allclose(graph(z), prior.log_prob(z), rtol=1e-6)


@pytest.mark.parametrize(
    "posterior", [kl.distributions.Normal(), kl.distributions.PowerSpherical()]
)
def test_what_doesn_t_fit_is_refused(posterior):
    q = (np.eye(3, dtype="float32"), np.ones((3, 1), "float32"))
    if isinstance(posterior, kl.distributions.Normal):
        q = (q[0], q[0])
    assert posterior.crossed_log_prob(np.eye(3), q).shape == (3, 3)
    with pytest.raises(ValueError, match=r"`value` .*Received: value\.shape=\("):
        posterior.crossed_log_prob(np.ones((4, 2)), q)
    with pytest.raises(ValueError, match=r"`value` must be an array.*value='a'"):
        posterior.crossed_log_prob("a", q)


def test_gradients_are_those_of_the_pairs():
    z = tf.constant(GENERATOR.normal(size=(4, 3)), tf.float32)
    own = [tf.constant(part) for part in normals(6, (3,))]
    normal = kl.distributions.Normal()

    def gradients(function):
        with tf.GradientTape() as tape:
            tape.watch([z, *own])
            q = normal.parameters_in(tuple(own))
            mixed = tf.reduce_logsumexp(function(z, q), axis=1)
        return tape.gradient(mixed, [z, *own])

    by_pairs = gradients(lambda z, q: crossed_log_prob(normal, z, q))
    for one, other in zip(gradients(normal.crossed_log_prob), by_pairs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_more_rows_than_are_looked_at_at_once():
    normal = kl.distributions.Normal()
    z = GENERATOR.normal(size=(3, 2)).astype("float32")
    q = normal.parameters_in(normals(120, (2,)))
    pairs = crossed_log_prob(normal, tf.constant(z), q)
    assert pairs.shape == (3, 120)
    np.testing.assert_allclose(
        pairs, normal.crossed_log_prob(z, q), rtol=1e-5, atol=1e-5
    )


def test_what_is_derived_keeps_its_own_density():
    class Twice(kl.distributions.Normal):
        def log_prob(self, value, parameters=None):
            return 2.0 * super().log_prob(value, parameters)

    z = GENERATOR.normal(size=(3, 2)).astype("float32")
    q = kl.distributions.Normal().parameters_in(normals(4, (2,)))
    np.testing.assert_allclose(
        Twice().crossed_log_prob(tf.constant(z), q),
        2.0 * crossed_normal_log_prob(z, *q),
        rtol=1e-5,
    )


def test_others_are_put_beside_each_other():
    directions = kl.distributions.PowerSpherical()
    outputs = [
        tf.constant(GENERATOR.normal(size=(4, size)), tf.float32)
        for size in directions.parameter_channels(3).values()
    ]
    q = directions.from_network(outputs)
    z = keras.utils.normalize(GENERATOR.normal(size=(2, 3)))
    found = directions.crossed_log_prob(tf.constant(z, tf.float32), q)
    for row in range(4):
        one = type(q)(*(part[row : row + 1] for part in q))
        alone = [directions.log_prob(z[i : i + 1], one)[0] for i in range(2)]
        np.testing.assert_allclose(found[:, row], alone, rtol=1e-5)
