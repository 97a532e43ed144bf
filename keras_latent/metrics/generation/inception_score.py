"""How sure a classifier is of each generated image, and how various they are."""

from typing import Any

import numpy as np

from keras_latent.metrics.generation.features import (
    Features,
    check_alike,
    checked_array,
)
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_positive_integer, checked_seed


def inception_score(
    real: Any,
    generated: Any,
    extractor: Any = None,
    splits: int = 10,
    extractor_name: str | None = None,
    batch_size: int = 256,
    seed: int = 0,
) -> Score:
    """Exponent of how far classes of single images are from those of all.

    exp E KL(p(class|image) ‖ p(class)), the mean over parts of the generated images: 1
    if all have the same probabilities, as many as there are classes if each is sure and
    classes come alike often. It knows real images only by the classifier: neither
    copies nor what classes lack moves it. The protocol's name is "IS-<extractor>".

    Args:
        real: Array of shape (n, ...) whose own score goes to the protocol, or `None`.
        generated: Array of shape (m, ...): images as the extractor takes them, or
            probabilities of shape (m, classes).
        extractor: A Keras model that gives probabilities of classes. Defaults to
            `None`: the arrays are probabilities.
        splits: Into how many parts the images fall, at most m. Defaults to 10.
        extractor_name: What it is called, unless it is one of ours. Defaults to `None`:
            the model's own name, or `"features"`.
        batch_size: Images that go through the extractor at once. Defaults to 256.
        seed: Seed of the parts. Defaults to 0.

    Returns:
        The score, from 1 to the number of classes; in `interval` half of the width of
        the 95 % interval of the mean over the parts, 1.96·deviation/√splits, `None` of
        one. The protocol has `of_real`, the score of the real ones, in as many parts.

    Raises:
        ValueError: If shapes don't fit, a number isn't finite, probabilities are
            negative or don't sum to 1, or `splits` exceeds n or m.

    Source: Salimans et al. 2016, "Improved techniques for training GANs", section 4.

    >>> sure = np.tile(np.eye(4), (5, 1))
    >>> score = inception_score(None, sure, splits=1)
    >>> round(float(score), 9), score.protocol["name"]
    (4.0, 'IS-features')
    """
    splits = checked_positive_integer("splits", splits)
    seed = checked_seed(seed)
    features = Features(extractor, extractor_name, batch_size)
    if real is None:
        generated = checked_array("generated", generated)
    else:
        real, generated = check_alike(real, generated)
    given = {"generated": generated} if real is None else {}
    given = given or {"real": real, "generated": generated}
    for name, images in given.items():
        if splits > len(images):
            raise ValueError(
                f"`splits` must be at most the number of `{name}` images, "
                f"{len(images)}. Received: splits={splits}"
            )
    scores = {
        name: _scores(_probabilities(features, name, images), splits, seed)
        for name, images in given.items()
    }
    of_generated = scores["generated"]
    interval = None
    if splits > 1:
        interval = float(1.96 * of_generated.std(ddof=1) / np.sqrt(splits))
    protocol = {
        **features.protocol("IS"),
        "measure": "exponent of the mean divergence from the mean",
        "splits": splits,
        "n_real": 0 if real is None else len(real),
        "n_generated": len(generated),
        "seed": seed,
        "interval": "95 % of the mean over the parts",
        "of_real": None if real is None else float(scores["real"].mean()),
    }
    return Score(float(of_generated.mean()), protocol, interval)


def _probabilities(features: Features, argument: str, images: Any) -> np.ndarray:
    probabilities = features.all(argument, images)
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0 or np.abs(sums - 1).max() > 1e-3:
        raise ValueError(
            "`extractor` must give probabilities, at least 0 and of sum 1; where there "
            f"is none, `{argument}` must be those. Received: numbers from "
            f"{probabilities.min():g}, of sums from {sums.min():g} to {sums.max():g}"
        )
    # What single precision leaves of a sum of 1.
    return probabilities / sums[:, None]


def _scores(probabilities: np.ndarray, splits: int, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(len(probabilities))
    return np.array(
        [_score(probabilities[rows]) for rows in np.array_split(order, splits)]
    )


def _score(probabilities: np.ndarray) -> float:
    marginal = probabilities.mean(axis=0)
    ratios = np.divide(
        probabilities, marginal, out=np.ones_like(probabilities), where=marginal > 0
    )
    logarithms = np.log(ratios, out=np.zeros_like(ratios), where=ratios > 0)
    return float(np.exp((probabilities * logarithms).sum(axis=1).mean()))
