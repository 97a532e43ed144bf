"""Share of generated images among real ones, and of real among generated ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_latent.metrics.generation.features import Features, check_alike, halves
from keras_latent.metrics.generation.neighbourhoods import (
    check_neighbours,
    neighbourhoods,
)
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_seed, checked_switch


@dataclass(frozen=True, kw_only=True)
class PrecisionRecallScore(Score):
    """Two shares; its own number is the precision.

    Args:
        value: The number: the precision.
        protocol: All that one needs to measure it again.
        interval: Half of the width of the number's 95 % interval, not measured here.
            Defaults to `None`.
        precision: Share of the generated images that are among real ones.
        recall: Share of the real images that are among generated ones.
    """

    precision: float
    recall: float


def precision_recall(
    real: Any,
    generated: Any,
    extractor: Any = None,
    k: int = 3,
    extractor_name: str | None = None,
    batch_size: int = 256,
    floor: bool = True,
    seed: int = 0,
) -> PrecisionRecallScore:
    """Precision and recall of generated images, by neighbourhoods of features.

    Precision is the share of generated images that lie within the ball of some real
    image, which reaches to the `k`-th nearest of the other real ones, its surface
    included; recall the share of real images within the ball of some generated one. So
    precision is about fidelity, recall about variety. Both depend on n and m: compare
    scores of as many images.

    Args:
        real: Array of shape (n, ...): images as the extractor takes them, or features
            of shape (n, features).
        generated: Array of shape (m, ...).
        extractor: A Keras model of one output, which is flattened, or the name of one
            of ours: `"mnist"`, `"emoji"` or `"icons"`. Defaults to `None`: the arrays
            are features.
        k: To which neighbour a ball reaches, below n and m. Defaults to 3.
        extractor_name: What it is called, unless it is one of ours. Defaults to `None`:
            the model's own name, or `"features"`.
        batch_size: Images that go through the extractor at once. Defaults to 256.
        floor: Whether to measure, too, one random half of the real ones against the
            other, if a half holds more than `k`. Defaults to `True`.
        seed: Seed of the halves. Defaults to 0.

    Returns:
        Both shares, in [0, 1]; the protocol has the `floor`, here the most that can be
        expected: precision and recall of equal distributions.

    Raises:
        ValueError: If shapes don't fit, an image or feature isn't finite, `k` is not
            below n and m, or `extractor` is no Keras model of one output.

    Source: Kynkäänniemi et al. 2019, "Improved precision and recall metric for
    assessing generative models", equations 1 and 2.

    >>> real = np.random.default_rng(0).normal(size=(200, 2))
    >>> score = precision_recall(real, real[:20])
    >>> score.precision, score.recall < 1
    (1.0, True)
    """
    seed = checked_seed(seed)
    floor = checked_switch("floor", floor)
    features = Features(extractor, extractor_name, batch_size)
    real, generated = check_alike(real, generated)
    check_neighbours(k, min(len(real), len(generated)))
    of_real = features.all("real", real)
    of_generated = features.all("generated", generated)
    precision, recall = _shares(of_real, of_generated, k)
    protocol: dict[str, Any] = {
        **features.protocol("precision and recall"),
        "measure": "shares within balls to the k-th neighbour, surface included",
        "k": k,
        "n_features": of_real.shape[1],
        "n_real": len(real),
        "n_generated": len(generated),
        "seed": seed,
        "floor": None,
        "floor_n": len(real) // 2,
    }
    if floor and len(real) // 2 > k:
        is_first = halves(len(real), seed)
        found = _shares(of_real[is_first], of_real[~is_first], k)
        protocol["floor"] = dict(zip(("precision", "recall"), found, strict=True))
    return PrecisionRecallScore(
        value=precision, protocol=protocol, precision=precision, recall=recall
    )


def _shares(real: np.ndarray, generated: np.ndarray, k: int) -> tuple[float, float]:
    precision = np.mean(neighbourhoods(real, generated, k).of_points > 0)
    recall = np.mean(neighbourhoods(generated, real, k).of_points > 0)
    return float(precision), float(recall)
