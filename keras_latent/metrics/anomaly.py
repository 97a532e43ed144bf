"""Anomaly detection that learns from normal examples alone.

Scores are higher for what is more anomalous, of any range. A threshold comes from the
scores of normal examples that no model was trained on; whether the scores separate the
two is measured without one, by `auroc`.
"""

from typing import Any

import numpy as np

from keras_latent.kinds import check_offers
from keras_latent.latent_space.codes import as_numbers, as_vectors, check_latent_dim
from keras_latent.latent_space.neighbours import nearest
from keras_latent.metrics.reconstruction import mean_squared_error
from keras_latent.metrics.score import Score
from keras_latent.typing import Observation
from keras_latent.validation import (
    check_has_prior,
    check_in_range,
    checked_positive_integer,
)


def reconstruction_scores(
    model: Any, x: Observation, batch_size: int = 256
) -> np.ndarray:
    """Mean squared error of each reconstruction: normal data alone was learned.

    Args:
        model: A latent model, trained on normal examples.
        x: Images of shape (count, height, width, channels), or a dict of tensors, of
            which each counts the same.
        batch_size: Examples that are reconstructed at once. Defaults to 256.

    Returns:
        Array of shape (count,).

    Raises:
        ValueError: If it is no model, or `x` isn't what it was built for, or not
            finite.

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((28, 28, 1), latent_dim=16)
    >>> reconstruction_scores(model, np.zeros((3, 28, 28, 1))).shape
    (3,)
    """
    batch_size = checked_positive_integer("batch_size", batch_size)
    check_offers("model", model, "a latent model", "check_observation", "predict")
    model.check_observation(x)
    decoded = model.predict(x, batch_size=batch_size, verbose=0)
    if not isinstance(decoded, dict):
        return mean_squared_error(x, decoded)
    columns = [mean_squared_error(x[name], value) for name, value in decoded.items()]
    return np.mean(columns, axis=0)


def elbo_scores(model: Any, x: Observation, seed: int = 0) -> np.ndarray:
    """Minus the evidence lower bound of each example: how unlikely it is to the model.

    Args:
        model: A variational model, trained on normal examples.
        x: Images of shape (count, height, width, channels), or a dict of tensors.
        seed: Seed of the posterior's draws. Defaults to 0.

    Returns:
        Nats of shape (count,).

    Raises:
        ValueError: If the model has no prior, or `x` isn't what it was built for.

    Source: An and Cho 2015, "Variational autoencoder based anomaly detection using
    reconstruction probability".

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((28, 28, 1), latent_dim=16)
    >>> elbo_scores(model, np.zeros((3, 28, 28, 1))).shape
    (3,)
    """
    check_offers("model", model, "a variational model", "elbo")
    check_has_prior(model)
    return -model.elbo(x, seed=seed)


def distance_scores(normal_codes: Any, codes: Any, k: int = 5) -> np.ndarray:
    """Mean Euclidean distance of each code to its `k` nearest normal ones.

    An encoder may map what it has never seen into the midst of the normal codes: of
    pure noise, these scores were seen to be lower than of normal images (AUROC 0.16,
    where those of the reconstruction gave 0.996). Look at other scores beside them.

    A code that is itself among the normal ones is at distance 0 from itself: take other
    normal examples for a threshold.

    Args:
        normal_codes: Codes of normal examples, of shape (normal_count, latent_dim).
        codes: Codes to be scored, of shape (count, latent_dim).
        k: How many normal codes. Defaults to 5.

    Returns:
        Array of shape (count,).

    Raises:
        ValueError: If the latent dimensions differ, a code isn't finite, or `k` exceeds
            the number of normal codes.

    Source: Angiulli and Pizzuti 2002, "Fast outlier detection in high dimensional
    spaces".

    >>> distance_scores([[0.0], [1.0]], [[0.5], [3.0]], k=2)
    array([0.5, 2.5])
    """
    k = checked_positive_integer("k", k)
    normal_codes = as_vectors("normal_codes", normal_codes)
    if k > len(normal_codes):
        raise ValueError(
            f"`k` must be at most the number of normal codes, {len(normal_codes)}. "
            f"Received: k={k}"
        )
    codes = as_vectors("codes", codes)
    check_latent_dim("codes", codes, normal_codes.shape[1])
    return nearest(codes, normal_codes, k).distances.mean(axis=1)


def threshold(normal_scores: Any, false_alarm_rate: float = 0.05) -> float:
    """The score above which an example is called anomalous, from normal data alone.

    It is a quantile of the normal scores: at most `false_alarm_rate` of them lie above.

    Args:
        normal_scores: Scores of shape (count,), of normal examples that the model
            wasn't trained on.
        false_alarm_rate: The share of normal examples that may be called anomalous, in
            [0, 1]. Defaults to 0.05.

    Returns:
        The threshold: `scores > threshold` are the alarms.

    Raises:
        ValueError: If there is no score, one isn't finite, or the rate is no share.

    >>> threshold([1.0, 2.0, 3.0, 4.0], false_alarm_rate=0.25)
    3.0
    """
    check_in_range("false_alarm_rate", false_alarm_rate, 0, 1)
    scores = as_scores("normal_scores", normal_scores)
    return float(np.quantile(scores, 1 - false_alarm_rate, method="inverted_cdf"))


def auroc(normal_scores: Any, anomalous_scores: Any) -> Score:
    """Area under the receiver operating characteristic: no threshold, any range.

    It is the probability that an anomalous example scores above a normal one.

    Args:
        normal_scores: Scores of normal examples, of shape (normal_count,).
        anomalous_scores: Scores of anomalous examples, of shape (anomalous_count,).

    Returns:
        The area, in [0, 1]: 0.5 for scores that tell nothing, 1 for perfect ones.

    Raises:
        ValueError: If there is no score of a kind, or one isn't finite.

    Source: Hanley and McNeil 1982, "The meaning and use of the area under a receiver
    operating characteristic curve".

    >>> float(auroc([0.1, 0.4], [0.3, 0.9]))
    0.75
    """
    from sklearn.metrics import roc_auc_score

    normal = as_scores("normal_scores", normal_scores)
    anomalous = as_scores("anomalous_scores", anomalous_scores)
    is_anomalous = np.repeat([False, True], [len(normal), len(anomalous)])
    area = roc_auc_score(is_anomalous, np.concatenate([normal, anomalous]))
    protocol = {
        "measure": "area under the receiver operating characteristic",
        "positive": "anomalous",
        "chance": 0.5,
        "n_normal": len(normal),
        "n_anomalous": len(anomalous),
    }
    return Score(float(area), protocol)


def as_scores(argument: str, scores: Any) -> np.ndarray:
    """Take scores as an array of shape (count,).

    Args:
        argument: The argument's name, for the message.
        scores: Array-like of shape (count,).

    Returns:
        The array.

    Raises:
        ValueError: If the shape is another, there is none, or one isn't finite.
    """
    scores = as_numbers(argument, scores)
    if scores.ndim != 1:
        raise ValueError(
            f"`{argument}` must have the shape (count,). "
            f"Received: {argument} of shape {scores.shape}"
        )
    return scores
