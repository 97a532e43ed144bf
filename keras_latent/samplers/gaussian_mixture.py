"""A mixture of normal distributions."""

from typing import Any

import numpy as np

from keras_latent.samplers.base import check_enough
from keras_latent.samplers.code_sampler import CodeSampler
from keras_latent.samplers.normal import RIDGE, normal_log_prob
from keras_latent.validation import checked_positive_integer, checked_seed


class GaussianMixture(CodeSampler):
    """A mixture of normal distributions with full covariances, by scikit-learn's EM.

    Args:
        model: A trained model whose codes are vectors or maps.
        components: Number of normal distributions. Defaults to 10.
        seed: Seed of the start by k-means. Defaults to 0.

    Raises:
        ValueError: If the model has other codes, or `components` isn't a positive
            integer.

    Source: Ghosh et al. 2020, "From variational to deterministic autoencoders",
    section 4.

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> GaussianMixture(model, components=2).fit(images).sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    def __init__(self, model: Any, components: int = 10, seed: int = 0) -> None:
        components = checked_positive_integer("components", components)
        super().__init__(model)
        self.components = components
        self.seed = checked_seed(seed)

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Weights, means and covariances."""
        from sklearn import mixture

        what = f"as many as `components`={self.components} and 2"
        check_enough(codes, max(self.components, 2), what)
        fitted = mixture.GaussianMixture(
            self.components, reg_covar=RIDGE, random_state=self.seed
        ).fit(codes.reshape(len(codes), -1))
        return {
            "weights": fitted.weights_,
            "means": fitted.means_,
            "covariances": fitted.covariances_,
        }

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """A component for each code, and a draw from it."""
        state = self.fitted_state()
        weights, means = state["weights"], state["means"]
        chosen = generator.choice(len(weights), n, p=weights / weights.sum())
        noise = generator.standard_normal((n, means.shape[1]))
        factors = np.linalg.cholesky(state["covariances"])
        rows = np.empty_like(noise)
        for component in np.unique(chosen):
            own = chosen == component
            rows[own] = means[component] + noise[own] @ factors[component].T
        return rows.reshape(n, *self.model.code_shape)

    def density(self, codes: np.ndarray) -> np.ndarray:
        """Log Σₖ wₖ N(z; μₖ, Σₖ) of standardised codes."""
        from scipy.special import logsumexp

        state = self.fitted_state()
        rows = codes.reshape(len(codes), -1)
        parts = zip(state["means"], state["covariances"], strict=True)
        by_component = np.stack([normal_log_prob(rows, *part) for part in parts], 1)
        return logsumexp(by_component, axis=1, b=state["weights"])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model."""
        return {"components": self.components, "seed": self.seed}
