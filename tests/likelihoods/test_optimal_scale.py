"""`Gaussian(scale="optimal")`: the σ of a batch in training, the running one after."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_latent.likelihoods import Gaussian
from keras_latent.models import IWAE, VAE
from keras_latent.training.moved_by_data import collected_moves
from tests.models.cases import dense_networks, images

pytestmark = pytest.mark.usefixtures("eagerly")

GENERATOR = np.random.default_rng(0)
X, MEAN = GENERATOR.normal(size=(2, 6, 4, 3)).astype("float32")


def in_a_step(likelihood, x, mean):
    """The value, and the moves that a training step would make."""
    with collected_moves() as moves:
        value = likelihood.log_prob(x, mean)
    for move in moves:
        move.variable.assign(move.value)
    return value


def test_in_a_step_it_is_the_scale_of_the_batch():
    value = in_a_step(Gaussian(scale="optimal"), X, MEAN)
    scale = np.sqrt(np.mean((X - MEAN) ** 2))
    expected = scipy.stats.norm.logpdf(X, MEAN, scale).sum(axis=(1, 2))
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    mean = 12 / 2 * (1 + np.log(2 * np.pi * scale**2))
    assert -float(tf.reduce_mean(value)) == pytest.approx(mean, rel=1e-5)


def test_no_other_scale_is_likelier():
    best = float(tf.reduce_mean(in_a_step(Gaussian(scale="optimal"), X, MEAN)))
    scale = np.sqrt(np.mean((X - MEAN) ** 2))
    for factor in (0.95, 1.05):
        value = Gaussian(scale=float(factor * scale)).log_prob(X, MEAN)
        assert float(tf.reduce_mean(value)) < best


def test_the_gradient_is_that_of_the_logarithm_of_the_error():
    """Mean over rows of −½n·log Σ(x − m)², differentiated through σ as well."""
    mean = tf.constant(MEAN)
    with tf.GradientTape() as tape:
        tape.watch(mean)
        value = tf.reduce_mean(in_a_step(Gaussian(scale="optimal"), X, mean))
    wide = (X - MEAN).astype("float64")
    expected = 12 * wide / np.sum(wide**2)
    np.testing.assert_allclose(tape.gradient(value, mean), expected, rtol=1e-5)


def test_outside_of_steps_it_is_the_running_scale():
    likelihood = Gaussian(scale="optimal")
    first = scipy.stats.norm.logpdf(X, MEAN).sum(axis=(1, 2))
    np.testing.assert_allclose(likelihood.log_prob(X, MEAN), first, rtol=1e-5)
    squares = []
    for factor in (1.0, 0.5, 2.0):
        in_a_step(likelihood, factor * X, factor * MEAN)
        squares.append(np.mean((factor * (X - MEAN)) ** 2))
    weights = 0.99 ** np.arange(3)[::-1]
    scale = np.sqrt(np.average(squares, weights=weights))
    expected = scipy.stats.norm.logpdf(X, MEAN, scale).sum(axis=(1, 2))
    np.testing.assert_allclose(likelihood.log_prob(X, MEAN), expected, rtol=1e-5)
    draws = np.array(likelihood.sample(np.zeros((20_000, 1)), seed=0))
    assert draws.std() == pytest.approx(scale, rel=0.02)


def test_a_perfect_reconstruction_stays_finite():
    value = in_a_step(Gaussian(scale="optimal"), X, X)
    expected = -12 * (np.log(1e-3) + 0.5 * np.log(2 * np.pi))
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def trained(variant, rows=15):
    keras.utils.set_random_seed(3)
    model = variant(**dense_networks(), likelihood=Gaussian(scale="optimal"), seed=1)
    model.compile(keras.optimizers.SGD(0.01))
    logs = model.fit(images(rows), batch_size=8, shuffle=False, verbose=0).history
    weights = [keras.ops.convert_to_numpy(w) for w in model.trainable_variables]
    state = model.likelihood.mean_square, model.likelihood.steps_weight
    return model, logs["loss"][0], weights, [float(s.numpy()) for s in state]


@pytest.mark.all
@pytest.mark.parametrize(("variant", "rows"), [(VAE, 9), (IWAE, 15)])
def test_two_replicas_know_one_scale(two_replicas, variant, rows):
    _, loss, weights, state = trained(variant, rows)
    with two_replicas.scope():
        _, same_loss, same_weights, same_state = trained(variant, rows)
    assert same_loss == pytest.approx(loss, rel=1e-5)
    assert same_state == pytest.approx(state, rel=1e-5)
    for a, b in zip(same_weights, weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_it_is_saved_and_evaluation_moves_nothing(tmp_path):
    model, _, _, state = trained(VAE)
    assert state[1] == pytest.approx(1 - 0.99**2)
    loss = model.evaluate(images(6), verbose=0)[0]
    assert [float(w) for w in model.likelihood.weights] == state
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [float(w) for w in loaded.likelihood.weights] == state
    assert loaded.likelihood.scale == "optimal"
    values = model.log_likelihood(images(6), num_samples=2)
    np.testing.assert_allclose(
        loaded.log_likelihood(images(6), num_samples=2), values, rtol=1e-6
    )
    assert np.isfinite(loss)


def test_optimal_and_learned_is_refused():
    with pytest.raises(ValueError, match=r"`learn_scale` must be False where `scale`"):
        Gaussian(scale="optimal", learn_scale=True)
    with pytest.raises(ValueError, match=r"or 'optimal'. Received: scale='best'"):
        Gaussian(scale="best")
