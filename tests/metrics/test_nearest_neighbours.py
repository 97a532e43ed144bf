import numpy as np
import pytest

from keras_latent.metrics import knn_accuracy, linear_probe


def blobs(count, spread, seed):
    """Codes around the three corners of a triangle, with the corner as the label."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, count)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    return corners[labels] + generator.normal(0.0, spread, (count, 2)), labels


@pytest.mark.parametrize("k", [1, 4, 5])
def test_equals_a_vote_counted_by_hand(k):
    train_codes, train_labels = blobs(60, 0.4, seed=0)
    test_codes, test_labels = blobs(40, 0.4, seed=1)

    correct = 0
    for code, label in zip(test_codes, test_labels, strict=True):
        distances = ((train_codes - code) ** 2).sum(axis=1)
        votes = np.bincount(train_labels[np.argsort(distances)[:k]], minlength=3)
        correct += votes.argmax() == label

    score = knn_accuracy(train_codes, train_labels, test_codes, test_labels, k=k)
    assert float(score) == correct / 40
    assert 0.4 < float(score) < 1.0


def test_range_from_useless_to_perfect():
    codes, labels = blobs(600, 0.01, seed=0)
    noise = np.random.default_rng(1).normal(size=codes.shape)

    perfect = knn_accuracy(codes[:300], labels[:300], codes[300:], labels[300:])
    useless = knn_accuracy(noise[:300], labels[:300], noise[300:], labels[300:])

    assert float(perfect) == 1.0
    assert 0.25 < float(useless) < 0.42


def test_does_not_standardise():
    codes = np.array([[0.0, 0.0], [0.0, 100.0], [1.0, 40.0], [1.0, 60.0]])

    score = knn_accuracy(codes, [0, 0, 1, 1], [[1.0, 10.0]], [0], k=1)

    assert float(score) == 1.0


def test_takes_labels_of_any_type():
    score = knn_accuracy([[0.0], [1.0]], ["cat", "dog"], [[0.9]], ["dog"], k=1)

    assert float(score) == 1.0


def test_protocol_tells_how_it_was_measured():
    codes, labels = blobs(30, 0.1, seed=0)

    protocol = knn_accuracy(codes[:20], labels[:20], codes[20:], labels[20:]).protocol

    assert protocol == {
        "measure": "accuracy",
        "classifier": "k nearest neighbours",
        "k": 5,
        "distance": "euclidean",
        "votes": "uniform",
        "standardised": False,
        "n_train": 20,
        "n_test": 10,
    }


def test_refuses_more_neighbours_than_codes():
    with pytest.raises(ValueError, match=r"`k` must be at most .* 2\. Received: k=3"):
        knn_accuracy([[0.0], [1.0]], [0, 1], [[0.0]], [0], k=3)


@pytest.mark.parametrize("k", [0, 2.5])
def test_refuses_what_is_no_number_of_neighbours(k):
    with pytest.raises(ValueError, match=rf"`k` must be .* Received: k={k}"):
        knn_accuracy([[0.0], [1.0]], [0, 1], [[0.0]], [0], k=k)


@pytest.mark.parametrize("metric", [knn_accuracy, linear_probe])
def test_refuses_codes_of_another_size(metric):
    message = r"`test_codes` must have the latent dimension 2\..* of shape \(1, 3\)"
    with pytest.raises(ValueError, match=message):
        metric(np.zeros((6, 2)), [0, 1] * 3, np.zeros((1, 3)), [0])


def test_refuses_a_single_class():
    with pytest.raises(ValueError, match=r"two classes\. Received: .* \[7\]"):
        knn_accuracy([[0.0], [1.0]], [7, 7], [[0.0]], [7], k=1)
