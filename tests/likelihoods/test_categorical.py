import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_latent.likelihoods import Categorical


def test_log_prob_equals_scipy():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(4), size=(3, 2))
    x = np.eye(4)[generator.integers(4, size=(3, 2))]
    expected = scipy.stats.multinomial.logpmf(x, 1, probabilities).sum(axis=1)
    np.testing.assert_allclose(
        Categorical().log_prob(x, probabilities), expected, rtol=1e-5
    )


@pytest.mark.parametrize("from_logits", [False, True])
def test_probabilities_of_all_categories_sum_to_1(from_logits):
    # Unnormalised on purpose: a sigmoid decoder, or rounding in half precision.
    parameters = np.tile(np.float32([0.2, 0.9, 0.4]), (3, 1))
    log_prob = Categorical(from_logits).log_prob(np.eye(3), parameters)
    np.testing.assert_allclose(np.exp(log_prob).sum(), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("from_logits", "row"), [(True, [-1e4, 0, 1e4]), (False, [0, 1e-30, 1])]
)
def test_extremes_are_finite(from_logits, row):
    parameters = tf.Variable(np.tile(np.float32(row), (3, 1)))
    with tf.GradientTape() as tape:
        log_prob = Categorical(from_logits).log_prob(np.eye(3), parameters)
    assert np.all(np.isfinite(log_prob))
    assert np.all(np.isfinite(tape.gradient(log_prob, parameters)))


def test_draws_are_one_hot_and_never_what_is_impossible():
    probabilities = np.broadcast_to(np.float32([0, 0.3, 0.7, 0]), (500, 2, 4))
    draws = np.asarray(Categorical().sample(probabilities, seed=0))
    Categorical().check_normalised(draws)
    assert draws.shape == (500, 2, 4)
    assert not draws[..., [0, 3]].any()


@pytest.mark.parametrize(
    "row", [[0.5, 0.5, 0], [1, 1, 0], [0, 0, 0], [2, -1, 0]], ids=str
)
def test_vectors_that_are_not_one_hot_are_refused(row):
    x = np.float32([[1, 0, 0], row])
    with pytest.raises(
        ValueError, match=r"`x` must be one-hot .* Received: not one-hot=1 of 2 vectors"
    ):
        Categorical().check_normalised(x)


def test_image_activation_and_range():
    assert Categorical().image_activation == "softmax"
    assert Categorical(from_logits=True).image_activation is None
    assert Categorical().expected_range == (0, 1)
