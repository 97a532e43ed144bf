"""Unbiased kernel distance of real and generated features."""

import math
from typing import Any

import numpy as np

from keras_latent.metrics.generation.features import Features, check_alike, halves
from keras_latent.metrics.score import Score
from keras_latent.validation import (
    check_in_range,
    checked_positive_integer,
    checked_seed,
    checked_switch,
)


def kid(
    real: Any,
    generated: Any,
    extractor: Any = None,
    subsets: int = 100,
    subset_size: int = 1000,
    extractor_name: str | None = None,
    batch_size: int = 256,
    floor: bool = True,
    seed: int = 0,
) -> Score:
    """Kernel distance of features: the squared discrepancy of means, unbiased.

    The mean over random subsets of the squared maximum mean discrepancy with the kernel
    (xᵀy/features + 1)³. It is unbiased whatever the number of images, so it may be
    below 0, and suits few images better than `fid`.

    Args:
        real: Array of shape (n, ...): images as the extractor takes them, or features
            of shape (n, features).
        generated: Array of shape (m, ...).
        extractor: A Keras model of one output, which is flattened, or the name of one
            of ours: `"mnist"`, `"emoji"` or `"icons"`. Defaults to `None`: the arrays
            are features.
        subsets: How many subsets are drawn of each. Defaults to 100.
        subset_size: Rows of a subset, without replacement, at least 2, at most n and m.
            Defaults to 1000.
        extractor_name: What it is called, unless it is one of ours. Defaults to `None`:
            the model's own name, or `"features"`.
        batch_size: Images that go through the extractor at once. Defaults to 256.
        floor: Whether to measure, too, one random half of the real ones against the
            other, if a half holds a subset. Defaults to `True`.
        seed: Seed of the subsets and halves. Defaults to 0.

    Returns:
        The distance; in `interval` half of the width of the 95 % interval of the mean
        over these subsets, 1.96·deviation/√subsets, which share rows: of other images
        it would move more. The protocol has the `deviation` of the subsets and the
        `floor`.

    Raises:
        ValueError: If shapes don't fit, an image or feature isn't finite,
            `subset_size` exceeds n or m, or `extractor` is no Keras model of one
            output.

    Source: Bińkowski et al. 2018, "Demystifying MMD GANs", section 4.

    >>> real = np.random.default_rng(0).normal(size=(200, 2))
    >>> score = kid(real, real + 1.0, subsets=10, subset_size=100)
    >>> float(score) > 10 * abs(score.protocol["floor"])
    True
    >>> score.protocol["name"]
    'KID-features'
    """
    subsets = checked_positive_integer("subsets", subsets)
    check_in_range("subset_size", subset_size, 2)
    subset_size = checked_positive_integer("subset_size", subset_size)
    seed = checked_seed(seed)
    floor = checked_switch("floor", floor)
    features = Features(extractor, extractor_name, batch_size)
    real, generated = check_alike(real, generated)
    least = min(len(real), len(generated))
    if subset_size > least:
        raise ValueError(
            "`subset_size` must be at most the number of real and of generated images, "
            f"{least}. Received: subset_size={subset_size}"
        )
    of_real = features.all("real", real)
    of_generated = features.all("generated", generated)
    distances = _distances(of_real, of_generated, subsets, subset_size, seed)
    deviation = float(distances.std(ddof=1)) if subsets > 1 else None
    protocol: dict[str, Any] = {
        **features.protocol("KID"),
        "measure": "squared maximum mean discrepancy, unbiased",
        "kernel": "(xᵀy/features + 1)³",
        "subsets": subsets,
        "subset_size": subset_size,
        "n_features": of_real.shape[1],
        "n_real": len(real),
        "n_generated": len(generated),
        "seed": seed,
        "deviation": deviation,
        "interval": "95 % of the mean over subsets",
        "floor": None,
        "expected_floor": 0.0,
    }
    if floor and len(real) // 2 >= subset_size:
        is_first = halves(len(real), seed)
        found = _distances(
            of_real[is_first], of_real[~is_first], subsets, subset_size, seed
        )
        protocol["floor"] = float(found.mean())
    interval = None if deviation is None else 1.96 * deviation / math.sqrt(subsets)
    return Score(float(distances.mean()), protocol, interval)


def _distances(
    real: np.ndarray, generated: np.ndarray, subsets: int, size: int, seed: int
) -> np.ndarray:
    """The distance of each pair of subsets."""
    generator = np.random.default_rng(seed)
    distances = np.empty(subsets)
    for index in range(subsets):
        one = real[generator.choice(len(real), size, replace=False)]
        other = generated[generator.choice(len(generated), size, replace=False)]
        distances[index] = squared_discrepancy(one, other)
    return distances


def squared_discrepancy(one: np.ndarray, other: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy with the cubic kernel.

    Args:
        one: float64 of shape (rows, features), at least two rows.
        other: float64 of the same shape.
    """
    rows = len(one)
    within = sum(
        (kernel.sum() - np.trace(kernel)) / (rows * (rows - 1))
        for kernel in (_kernel(one, one), _kernel(other, other))
    )
    return float(within - 2 * _kernel(one, other).mean())


def _kernel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    base = one @ other.T / one.shape[1] + 1
    return base * base * base
