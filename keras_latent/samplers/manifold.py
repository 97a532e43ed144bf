"""Draws that are uniform by the volume of a metric, which is large where codes are."""

import warnings
from typing import Any

import numpy as np

from keras_latent.distributions import Normal as NormalPosterior
from keras_latent.samplers.base import check_enough
from keras_latent.samplers.hamiltonian import hamiltonian_chains
from keras_latent.samplers.posterior_rows import has_posterior, posteriors_of
from keras_latent.samplers.posterior_sampler import PosteriorSampler
from keras_latent.validation import (
    check_in_range,
    checked_positive_integer,
    checked_seed,
)

_CHAINS = 256
"""Chains that run at once."""

_APART = "between which there is a distance"

_FEW = 0.1
"""The share of proposals below which chains are said to stay where they are."""

_SURE = 1e-6
"""Variances below this, of standardised codes, count as this."""


class Manifold(PosteriorSampler):
    """Hamiltonian Monte Carlo on the volume of a metric around the training's codes.

        M(z) = Σₖ Aₖ exp(−‖z − cₖ‖²/T²) + λI,   p(z) ∝ √det M(z)

    The cₖ are codes of training images; Aₖ is the precision of the posterior of such an
    image where that is a normal one, and the identity elsewhere, all in standardised
    codes. Each chain begins at one of the cₖ. Since p falls to a constant far from all
    codes, chains stay within the distance 3T of one.

    Args:
        model: A trained model whose codes are real vectors or maps.
        centroids: Number of images around whose codes the metric is, or all that there
            are. Defaults to 200.
        temperature: The length T. Defaults to `None`: the greatest distance of a cₖ to
            the nearest other.
        regularization: The number λ. Defaults to 0.01.
        steps: Proposals of each chain. Defaults to 100.
        leapfrog_steps: Steps for a proposal. Defaults to 15.
        step_size: The size of such a step. Defaults to 0.03.
        seed: Decides which images. Defaults to 0.

    Raises:
        ValueError: If the model has other codes, or a number is out of range.

    Warns:
        UserWarning: If fewer than a tenth of the proposals of a draw are accepted.

    Source: Chadebec, Mantoux and Allassonnière 2020, "Geometry-aware Hamiltonian
    variational auto-encoder", whose metric is learned; Chadebec and Allassonnière 2022,
    "A geometric perspective on variational autoencoders", with posteriors' precisions.

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> Manifold(model, steps=5).fit(images).sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    arguments_of_draws = ("steps", "leapfrog_steps", "step_size")

    def __init__(
        self,
        model: Any,
        centroids: int = 200,
        temperature: float | None = None,
        regularization: float = 0.01,
        steps: int = 100,
        leapfrog_steps: int = 15,
        step_size: float = 0.03,
        seed: int = 0,
    ) -> None:
        if temperature is not None:
            check_in_range("temperature", temperature, low=1e-6)
        check_in_range("regularization", regularization, low=1e-9)
        check_in_range("step_size", step_size, low=1e-9)
        super().__init__(model)
        self.centroids = checked_positive_integer("centroids", centroids)
        self.temperature = temperature
        self.regularization = regularization
        self.steps = checked_positive_integer("steps", steps)
        self.leapfrog_steps = checked_positive_integer("leapfrog_steps", leapfrog_steps)
        self.step_size = step_size
        self.seed = checked_seed(seed)

    @classmethod
    def check_model(cls, model: Any) -> None:
        """Refuse codes on spheres and in balls, too: they have a metric already."""
        super().check_model(model)
        space = getattr(getattr(model, "posterior", None), "space", "real")
        if space != "real":
            raise ValueError(
                "`model` must have codes of real numbers, on which Manifold lays a "
                "metric. "
                f"Received: model={type(model).__name__} with codes on {space!r}"
            )

    @classmethod
    def takes_posteriors(cls, model: Any) -> bool:
        """Whether its posteriors are normal, which have variances."""
        return has_posterior(model) and type(model.posterior) is NormalPosterior

    def fit_posteriors(
        self, rows: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Standardise means, and choose the images around which the metric is."""
        check_enough(rows, 2, _APART)
        q = posteriors_of(self.model, rows)
        codes, log_vars = (np.asarray(part).astype("float64") for part in q)
        state = self.scale_of(codes)
        codes = (codes - state["code_mean"]) / state["code_scale"]
        variances = np.exp(log_vars) / np.square(state["code_scale"])
        return state | self._metric(codes, 1 / np.maximum(variances, _SURE))

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Choose the images around which the metric is, with equal precisions."""
        check_enough(codes, 2, _APART)
        return self._metric(codes, np.ones_like(codes))

    def _metric(
        self, codes: np.ndarray, precisions: np.ndarray
    ) -> dict[str, np.ndarray]:
        generator = np.random.default_rng(self.seed)
        count = min(self.centroids, len(codes))
        chosen = np.sort(generator.choice(len(codes), count, replace=False))
        centres = codes[chosen].reshape(count, -1)
        temperature = self.temperature
        if temperature is None:
            temperature = _widest_gap(centres)
        return {
            "centres": centres,
            "precisions": precisions[chosen].reshape(count, -1),
            "temperature": np.asarray(temperature),
        }

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """Run a chain for each code, from a centroid on."""
        centres = self.fitted_state()["centres"]
        start = centres[generator.integers(len(centres), size=n)]
        parts = [
            hamiltonian_chains(
                self.log_volume_and_gradient,
                start[first : first + _CHAINS],
                generator,
                self.steps,
                self.leapfrog_steps,
                self.step_size,
            )
            for first in range(0, n, _CHAINS)
        ]
        accepted = sum(part.accepted * len(part.points) for part in parts) / n
        if accepted < _FEW:
            warnings.warn(
                f"Of the proposals of Manifold, {accepted:.1%} were accepted, so that "
                "draws hardly leave the codes where they begin: take a smaller "
                f"`step_size`, which is {self.step_size:g}.",
                stacklevel=2,
            )
        points = np.concatenate([part.points for part in parts])
        return points.reshape(n, *self.model.code_shape)

    def density(self, codes: np.ndarray) -> np.ndarray:
        """None: the integral of the volume isn't known.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "`log_prob` of Manifold isn't known, since the integral of its volume "
            "isn't: use `GaussianMixture` or `Vamp` for densities. "
            f"Received: codes of shape {codes.shape}"
        )

    def log_volume_and_gradient(
        self, points: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log √det M of points, and its gradient.

        Args:
            points: Standardised codes as vectors, of shape (count, d).

        Returns:
            Array of shape (count,), minus infinity beyond the distance 3T of all
            centroids, and the gradient of shape (count, d).

        Raises:
            ValueError: If nothing was fitted.
        """
        state = self.fitted_state()
        centres, precisions = state["centres"], state["precisions"]
        square = np.square(state["temperature"])
        # Differences of all pairs would be as many numbers as both have, times d.
        distances = (
            np.square(points).sum(axis=1)[:, None]
            - 2 * points @ centres.T
            + np.square(centres).sum(axis=1)
        )
        weights = np.exp(-np.maximum(distances, 0) / square)
        # The precisions are diagonal, and so is M.
        metric = weights @ precisions + self.regularization
        log_volume = 0.5 * np.log(metric).sum(axis=1)
        log_volume[distances.min(axis=1) > 9 * square] = -np.inf
        pulls = weights * ((1 / metric) @ precisions.T)
        gradient = (pulls @ centres - pulls.sum(axis=1)[:, None] * points) / square
        return log_volume, gradient

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model."""
        names = ["centroids", "temperature", "regularization", "steps"]
        names += ["leapfrog_steps", "step_size", "seed"]
        return {name: getattr(self, name) for name in names}


def _widest_gap(centres: np.ndarray) -> float:
    """The greatest distance of a centroid to the nearest other."""
    from scipy.spatial import cKDTree

    nearest, _ = cKDTree(centres).query(centres, k=2)
    # Codes may all be the same.
    return float(nearest[:, 1].max()) or 1.0
