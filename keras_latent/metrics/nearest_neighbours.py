"""How well neighbours in latent space share a class."""

from typing import Any

from keras_latent.latent_space.codes import check_latent_dim
from keras_latent.metrics.labelled_codes import (
    check_same_kind,
    check_several_classes,
    labelled_codes,
)
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_positive_integer


def knn_accuracy(
    train_codes: Any, train_labels: Any, test_codes: Any, test_labels: Any, k: int = 5
) -> Score:
    """Share of test codes whose `k` nearest training codes vote for their class.

    Distances are Euclidean in the codes as they are; each neighbour has one vote.

    Args:
        train_codes: Array of shape (n_train, latent_dim).
        train_labels: Array of shape (n_train,): the classes.
        test_codes: Array of shape (n_test, latent_dim).
        test_labels: Array of shape (n_test,).
        k: How many neighbours vote. Defaults to 5.

    Returns:
        The accuracy, in [0, 1].

    Raises:
        ValueError: If codes and labels don't fit together, labels are no classes, `k`
            exceeds `n_train`, or the training labels hold one class only.

    >>> codes = [[0.0], [0.1], [1.0], [1.1]]
    >>> float(knn_accuracy(codes, [0, 0, 1, 1], [[0.2], [0.9]], [0, 1], k=1))
    1.0
    """
    from sklearn.neighbors import KNeighborsClassifier

    k = checked_positive_integer("k", k)
    train = labelled_codes(train_codes, train_labels, "train")
    test = labelled_codes(test_codes, test_labels, "test")
    check_latent_dim("test_codes", test.codes, train.codes.shape[1])
    check_same_kind(train.labels, test.labels)
    check_several_classes(train.labels)
    if k > len(train.codes):
        raise ValueError(
            f"`k` must be at most the number of training codes, {len(train.codes)}. "
            f"Received: k={k}"
        )
    classifier = KNeighborsClassifier(n_neighbors=k, algorithm="brute")
    classifier.fit(*train)
    protocol = {
        "measure": "accuracy",
        "classifier": "k nearest neighbours",
        "k": k,
        "distance": "euclidean",
        "votes": "uniform",
        "standardised": False,
        "n_train": len(train.codes),
        "n_test": len(test.codes),
    }
    return Score(float(classifier.score(*test)), protocol)
