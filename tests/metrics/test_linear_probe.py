import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_expit

from keras_latent.metrics import linear_probe


def two_classes(count, seed):
    """Codes of two overlapping classes, their dimensions of very unequal scales."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    codes = generator.normal(size=(count, 3)) + 0.8 * labels[:, None]
    return codes * [1.0, 1e3, 1e-3] + [0.0, 50.0, 0.0], labels


def test_equals_a_logistic_regression_minimised_by_hand():
    train_codes, train_labels = two_classes(200, seed=0)
    test_codes, test_labels = two_classes(300, seed=1)
    mean, deviation = train_codes.mean(axis=0), train_codes.std(axis=0)
    signs = 2 * train_labels - 1

    def loss(parameters):
        *slope, offset = parameters
        logits = (train_codes - mean) / deviation @ slope + offset
        return 0.5 * np.dot(slope, slope) - log_expit(signs * logits).sum()

    *slope, offset = minimize(loss, np.zeros(4)).x
    predicted = (test_codes - mean) / deviation @ slope + offset > 0
    expected = np.mean(predicted == test_labels)

    score = linear_probe(train_codes, train_labels, test_codes, test_labels)
    assert float(score) == pytest.approx(expected, abs=1 / 300)
    assert 0.6 < expected < 1.0


def test_does_not_depend_on_the_scale_of_the_codes():
    codes, labels = two_classes(400, seed=0)

    def score(codes):
        return float(linear_probe(codes[:200], labels[:200], codes[200:], labels[200:]))

    assert score(codes) == score(codes * [1e4, 1.0, 7.0] - 3.0)


def test_useless_codes_score_as_chance():
    labels = np.arange(1000) % 2
    noise = np.random.default_rng(0).normal(size=(1000, 4))

    score = linear_probe(noise[:500], labels[:500], noise[500:], labels[500:])

    assert 0.42 < float(score) < 0.58


def test_protocol_tells_how_it_was_measured():
    codes, labels = two_classes(30, seed=0)

    protocol = linear_probe(codes[:20], labels[:20], codes[20:], labels[20:]).protocol

    assert protocol == {
        "measure": "accuracy",
        "classifier": "logistic regression",
        "penalty": "l2",
        "C": 1.0,
        "solver": "lbfgs",
        "max_iter": 1000,
        "standardised": True,
        "n_train": 20,
        "n_test": 10,
    }


def test_refuses_a_single_class():
    with pytest.raises(ValueError, match=r"two classes\. Received: .* \[7\]"):
        linear_probe([[0.0], [1.0]], [7, 7], [[0.0]], [7])
