"""How well a linear classifier reads the classes from the codes."""

from typing import Any

from keras_latent.latent_space.codes import check_latent_dim
from keras_latent.metrics.labelled_codes import (
    check_same_kind,
    check_several_classes,
    labelled_codes,
)
from keras_latent.metrics.score import Score


def linear_probe(
    train_codes: Any, train_labels: Any, test_codes: Any, test_labels: Any
) -> Score:
    """Accuracy of a logistic regression on the standardised codes.

    Mean and standard deviation of each dimension are those of the training codes. The
    solver, L-BFGS on the L2-penalised loss, draws no random numbers.

    Args:
        train_codes: Array of shape (n_train, latent_dim).
        train_labels: Array of shape (n_train,): the classes.
        test_codes: Array of shape (n_test, latent_dim).
        test_labels: Array of shape (n_test,).

    Returns:
        The accuracy, in [0, 1].

    Raises:
        ValueError: If codes and labels don't fit together, labels are no classes, or
            the training labels hold one class only.

    >>> codes = [[0.0], [0.1], [1.0], [1.1]]
    >>> float(linear_probe(codes, [0, 0, 1, 1], [[0.2], [0.9]], [0, 1]))
    1.0
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    train = labelled_codes(train_codes, train_labels, "train")
    test = labelled_codes(test_codes, test_labels, "test")
    check_latent_dim("test_codes", test.codes, train.codes.shape[1])
    check_same_kind(train.labels, test.labels)
    check_several_classes(train.labels)
    regression = LogisticRegression(C=1.0, solver="lbfgs", max_iter=1000)
    classifier = make_pipeline(StandardScaler(), regression)
    # The matrices of a code are small: when other processes run, threads of the linear
    # algebra wait for each other far longer than they compute.
    with threadpool_limits(1):
        classifier.fit(*train)
    protocol = {
        "measure": "accuracy",
        "classifier": "logistic regression",
        "penalty": "l2",
        "C": regression.C,
        "solver": regression.solver,
        "max_iter": regression.max_iter,
        "standardised": True,
        "n_train": len(train.codes),
        "n_test": len(test.codes),
    }
    return Score(float(classifier.score(*test)), protocol)
