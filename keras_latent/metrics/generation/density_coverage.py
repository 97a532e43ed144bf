"""How densely generated images lie among real ones, and how many they cover."""

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
class DensityCoverageScore(Score):
    """Two numbers; its own is the density.

    Args:
        value: The number: the density.
        protocol: All that one needs to measure it again.
        interval: Half of the width of the number's 95 % interval, not measured here.
            Defaults to `None`.
        density: How many real neighbourhoods a generated image lies in, in shares of
            `k`: 1 for equal distributions, and more where images are too typical.
        coverage: Share of the real images that have a generated one near, in [0, 1].
    """

    density: float
    coverage: float


def density_coverage(
    real: Any,
    generated: Any,
    extractor: Any = None,
    k: int = 5,
    extractor_name: str | None = None,
    batch_size: int = 256,
    floor: bool = True,
    seed: int = 0,
) -> DensityCoverageScore:
    """Density and coverage of generated images, by neighbourhoods of real features.

    A ball reaches from each real image to the `k`-th nearest of the other real ones,
    its surface included. Density is the number of balls that a generated image lies in,
    divided by `k`, on average; coverage the share of balls that hold one. A single real
    outlier, whose ball is large, moves them less than precision. Of equal distributions
    density is 1, and the coverage that can be expected is in the protocol: 0.969 for as
    many images and `k=5`.

    Args:
        real: Array of shape (n, ...): images as the extractor takes them, or features
            of shape (n, features).
        generated: Array of shape (m, ...).
        extractor: A Keras model of one output, which is flattened, or the name of one
            of ours: `"mnist"`, `"emoji"` or `"icons"`. Defaults to `None`: the arrays
            are features.
        k: To which neighbour a ball reaches, below n. Defaults to 5.
        extractor_name: What it is called, unless it is one of ours. Defaults to `None`:
            the model's own name, or `"features"`.
        batch_size: Images that go through the extractor at once. Defaults to 256.
        floor: Whether to measure, too, one random half of the real ones against the
            other, if a half holds more than `k`. Defaults to `True`.
        seed: Seed of the halves. Defaults to 0.

    Returns:
        Both numbers; the protocol has the `floor`, and `expected_coverage` of equal
        distributions.

    Raises:
        ValueError: If shapes don't fit, an image or feature isn't finite, `k` is not
            below n, or `extractor` is no Keras model of one output.

    Source: Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative
    models", section 3.

    >>> real = np.random.default_rng(0).normal(size=(200, 2))
    >>> score = density_coverage(real, real)
    >>> score.density > 1, score.coverage
    (True, 1.0)
    >>> round(score.protocol["expected_coverage"], 3)
    0.97
    """
    seed = checked_seed(seed)
    floor = checked_switch("floor", floor)
    features = Features(extractor, extractor_name, batch_size)
    real, generated = check_alike(real, generated)
    check_neighbours(k, len(real))
    of_real = features.all("real", real)
    of_generated = features.all("generated", generated)
    density, coverage = _of(of_real, of_generated, k)
    protocol: dict[str, Any] = {
        **features.protocol("density and coverage"),
        "measure": "balls to the k-th real neighbour, surface included",
        "k": k,
        "n_features": of_real.shape[1],
        "n_real": len(real),
        "n_generated": len(generated),
        "seed": seed,
        "expected_density": 1.0,
        "expected_coverage": expected_coverage(len(real), len(generated), k),
        "floor": None,
        "floor_n": len(real) // 2,
    }
    if floor and len(real) // 2 > k:
        is_first = halves(len(real), seed)
        found = _of(of_real[is_first], of_real[~is_first], k)
        protocol["floor"] = dict(zip(("density", "coverage"), found, strict=True))
    return DensityCoverageScore(
        value=density, protocol=protocol, density=density, coverage=coverage
    )


def expected_coverage(n_real: int, n_generated: int, k: int) -> float:
    """Coverage that is expected of two samples of one distribution, without ties.

    A real image isn't covered if the `k` nearest of all others are real.

    Args:
        n_real: How many real ones.
        n_generated: How many generated ones.
        k: Which neighbour, below `n_real`.

    Returns:
        1 - Π (n_real - i)/(n_real + n_generated - i), i from 1 to `k`.
    """
    ranks = np.arange(1, k + 1)
    return float(1 - np.prod((n_real - ranks) / (n_real + n_generated - ranks)))


def _of(real: np.ndarray, generated: np.ndarray, k: int) -> tuple[float, float]:
    found = neighbourhoods(real, generated, k)
    return float(found.of_points.mean() / k), float(np.mean(found.of_centres > 0))
