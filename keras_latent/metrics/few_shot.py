"""How well new classes are told apart from a few examples of each."""

import math
from typing import Any

import numpy as np

from keras_latent.metrics.labelled_codes import labelled_codes
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_positive_integer, checked_seed


def few_shot_accuracy(
    codes: Any,
    labels: Any,
    ways: int = 5,
    shots: int = 1,
    queries: int = 15,
    episodes: int = 600,
    seed: int = 0,
) -> Score:
    """Mean accuracy of the nearest class centroid over random few-shot episodes.

    An episode draws `ways` classes, and of each `shots` examples, whose mean is the
    class's centroid, and `queries` other examples, which go to the class of the nearest
    centroid. Distances are Euclidean in the codes as they are.

    Args:
        codes: Array of shape (count, latent_dim), of classes that the encoder wasn't
            trained on, if new classes are what is measured.
        labels: Array of shape (count,): the classes.
        ways: Classes in an episode, at least 2. Defaults to 5.
        shots: Labelled examples of each class. Defaults to 1.
        queries: Examples of each class that are classified. Defaults to 15.
        episodes: How many episodes. Defaults to 600.
        seed: Seed of the draws; the same seed draws the same rows of any codes with
            these labels. Defaults to 0.

    Returns:
        The accuracy, in [0, 1], and in `interval` half of the width of its 95 %
        interval over the episodes, 1.96·deviation/√episodes; `None` of one episode.

    Raises:
        ValueError: If codes and labels don't fit together, there are fewer classes than
            `ways`, or a class has too few examples.

    Source: Snell, Swersky and Zemel 2017, "Prototypical networks for few-shot
    learning", section 2.

    >>> codes = [[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]]
    >>> score = few_shot_accuracy(codes, [0, 0, 0, 1, 1, 1], ways=2, queries=2)
    >>> score.value, score.interval
    (1.0, 0.0)
    """
    shots = checked_positive_integer("shots", shots)
    queries = checked_positive_integer("queries", queries)
    episodes = checked_positive_integer("episodes", episodes)
    seed = checked_seed(seed)
    codes, labels = labelled_codes(codes, labels)
    rows = _rows_by_class(labels, ways, shots + queries)
    generator = np.random.default_rng(seed)
    accuracies = np.empty(episodes)
    for episode in range(episodes):
        chosen = generator.choice(len(rows), ways, replace=False)
        drawn = [
            generator.choice(rows[i], shots + queries, replace=False) for i in chosen
        ]
        accuracies[episode] = _centroid_accuracy(codes[np.array(drawn)], shots)
    interval = None
    if episodes > 1:
        interval = float(1.96 * accuracies.std(ddof=1) / math.sqrt(episodes))
    protocol = {
        "measure": "accuracy",
        "classifier": "nearest class centroid",
        "ways": ways,
        "shots": shots,
        "queries": queries,
        "episodes": episodes,
        "seed": seed,
        "distance": "euclidean",
        "standardised": False,
        "interval": "95 % over episodes",
        "chance": 1 / ways,
        "n_classes": len(rows),
        "n": len(codes),
    }
    return Score(float(accuracies.mean()), protocol, interval)


def _rows_by_class(labels: np.ndarray, ways: int, least: int) -> list[np.ndarray]:
    """The rows of each class, if there are enough classes, and rows of each."""
    ways = checked_positive_integer("ways", ways)
    classes, counts = np.unique(labels, return_counts=True)
    if not 2 <= ways <= len(classes):
        raise ValueError(
            f"`ways` must be from 2 to the number of classes, {len(classes)}. "
            f"Received: ways={ways}"
        )
    too_few = dict(
        zip(classes[counts < least].tolist(), counts[counts < least], strict=True)
    )
    if too_few:
        listed = ", ".join(f"{count} of {label!r}" for label, count in too_few.items())
        raise ValueError(
            "`labels` must hold at least `shots` + `queries` examples of each class, "
            f"{least}. Received: labels with {listed}"
        )
    return [np.flatnonzero(labels == label) for label in classes]


def _centroid_accuracy(codes: np.ndarray, shots: int) -> float:
    """Accuracy in one episode, of codes (ways, shots + queries, latent_dim)."""
    codes = codes.astype("float64")
    centroids, queries = codes[:, :shots].mean(axis=1), codes[:, shots:]
    distances = np.linalg.norm(queries[:, :, None] - centroids, axis=-1)
    return float(np.mean(distances.argmin(axis=-1) == np.arange(len(codes))[:, None]))
