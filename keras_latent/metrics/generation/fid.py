"""Distance between the Gaussians of real and generated features."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_latent.metrics.generation.features import Features, check_alike, halves
from keras_latent.metrics.score import Score
from keras_latent.validation import checked_seed, checked_switch

# Products of few rows take longer than those of many.
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Moments:
    """Mean and scatter of rows, from which those of more rows follow.

    Args:
        count: How many rows.
        mean: float64 of shape (features,).
        scatter: Σ (x - mean)(x - mean)ᵀ, float64 of shape (features, features).
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> "Moments":
        """Those of an array of shape (count, features), count at least 1."""
        mean = rows.mean(axis=0)
        centred = rows - mean
        return cls(len(rows), mean, centred.T @ centred)

    def with_more(self, more: "Moments") -> "Moments":
        """Those of both sets of rows together."""
        count = self.count + more.count
        shift = more.mean - self.mean
        between = np.outer(shift, shift) * (self.count * more.count / count)
        return Moments(
            count,
            self.mean + shift * (more.count / count),
            self.scatter + more.scatter + between,
        )

    @property
    def covariance(self) -> np.ndarray:
        """The unbiased covariance, float64 of shape (features, features)."""
        return self.scatter / (self.count - 1)


def fid(
    real: Any,
    generated: Any,
    extractor: Any = None,
    extractor_name: str | None = None,
    batch_size: int = 256,
    floor: bool = True,
    seed: int = 0,
) -> Score:
    """Fréchet distance of real and generated features, taken as Gaussian.

    ‖μ₁ - μ₂‖² + tr(Σ₁ + Σ₂ - 2(Σ₁^½ Σ₂ Σ₁^½)^½), with float64 statistics that are
    gathered batch by batch. It is too high by a share of 1/n: compare scores of as many
    images, of the same real ones, and look at the floor. The protocol's name is
    "FID-<extractor>": Inception with the weights and the resizing of the literature is
    not among our extractors, so no score is called "FID" alone.

    Args:
        real: Array of shape (n, ...), n at least 2: images as the extractor takes them,
            or features of shape (n, features).
        generated: Array of shape (m, ...), m at least 2.
        extractor: A Keras model of one output, which is flattened, or the name of one
            of ours: `"mnist"`, `"emoji"` or `"icons"`. Defaults to `None`: the arrays
            are features.
        extractor_name: What it is called, unless it is one of ours. Defaults to `None`:
            the model's own name, or `"features"`.
        batch_size: Images that go through the extractor at once. Defaults to 256.
        floor: Whether to measure, too, one random half of the real ones against the
            other, from 4 real ones on. Defaults to `True`.
        seed: Seed of the halves. Defaults to 0.

    Returns:
        The distance, at least 0; the protocol has the `floor` and its `floor_n`, the
        rows of the smaller half.

    Raises:
        ValueError: If shapes don't fit, an image or feature isn't finite, there are
            fewer than two of a kind, or `extractor` is no Keras model of one output.

    Warns:
        UserWarning: If there are no more real or generated ones than features: their
            covariance has no full rank.

    Source: Heusel et al. 2017, "GANs trained by a two time-scale update rule converge
    to a local Nash equilibrium", equation 6.

    >>> real = np.random.default_rng(0).normal(size=(1000, 2))
    >>> score = fid(real, real + [3.0, 4.0])
    >>> round(float(score), 6), score.protocol["name"]
    (25.0, 'FID-features')
    """
    seed = checked_seed(seed)
    floor = checked_switch("floor", floor)
    features = Features(extractor, extractor_name, batch_size)
    real, generated = check_alike(real, generated)
    for name, images in (("real", real), ("generated", generated)):
        if len(images) < 2:
            raise ValueError(
                f"`{name}` must hold at least 2 images. "
                f"Received: {name} of shape {images.shape}"
            )
    of_halves = _gathered(features, "real", real, halves(len(real), seed))
    first, second = of_halves
    of_real = first.with_more(second)
    nobody = np.zeros(len(generated), bool)
    (of_generated,) = _gathered(features, "generated", generated, nobody)
    dimension = len(of_real.mean)
    least = min(len(real), len(generated))
    if least <= dimension:
        warnings.warn(
            f"FID of {least} images in {dimension} features: with no more images than "
            "features the covariance has no full rank, and the distance is far too "
            "high. Take more images, or `kid`, which is unbiased.",
            stacklevel=2,
        )
    protocol: dict[str, Any] = {
        **features.protocol("FID"),
        "measure": "Fréchet distance of Gaussians",
        "covariance": "n - 1",
        "n_features": dimension,
        "n_real": len(real),
        "n_generated": len(generated),
        "seed": seed,
        "floor": None,
        "floor_n": first.count,
    }
    if floor and first.count >= 2:
        protocol["floor"] = frechet_distance(first, second)
    return Score(frechet_distance(of_real, of_generated), protocol)


def frechet_distance(one: Moments, other: Moments) -> float:
    """Squared Fréchet distance of two Gaussians, at least 0.

    Args:
        one: Moments of at least two rows.
        other: Moments of at least two rows, of as many features.
    """
    shift = np.square(one.mean - other.mean).sum()
    # The eigenvalues of Σ₁^½ Σ₂ Σ₁^½ are those of AᵀΣ₂A for any A with AAᵀ = Σ₁.
    factor = _factor(one.covariance)
    products = np.linalg.eigvalsh(factor.T @ other.covariance @ factor)
    cross = np.sqrt(np.maximum(products, 0)).sum()
    traces = np.trace(one.covariance) + np.trace(other.covariance)
    return max(0.0, float(shift + traces - 2 * cross))


def _factor(covariance: np.ndarray) -> np.ndarray:
    """A matrix whose product with its transpose is the covariance."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        # Without full rank: ten times slower.
        numbers, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(numbers, 0))


def _gathered(
    features: Features, argument: str, images: np.ndarray, is_first: np.ndarray
) -> list[Moments]:
    """Moments of the rows that are first, if any, and of the others."""
    parts: dict[bool, Moments] = {}
    waiting: list[np.ndarray] = []
    start = 0

    def add() -> None:
        nonlocal start
        rows = np.concatenate(waiting)
        chosen = is_first[start : start + len(rows)]
        for part in (True, False):
            if (chosen == part).any():
                found = Moments.of(rows[chosen == part])
                parts[part] = parts[part].with_more(found) if part in parts else found
        start += len(rows)
        waiting.clear()

    for batch in features.batches(argument, images):
        waiting.append(batch)
        if sum(len(rows) for rows in waiting) >= _ROWS_AT_ONCE:
            add()
    if waiting:
        add()
    return [parts[part] for part in (True, False) if part in parts]
