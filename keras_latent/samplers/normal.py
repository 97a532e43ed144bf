"""One normal distribution with a full covariance."""

from typing import Any

import numpy as np

from keras_latent.samplers.base import check_enough
from keras_latent.samplers.code_sampler import CodeSampler

RIDGE = 1e-6
"""What is added to variances, so that dead codes have a density; scikit-learn's."""


class Normal(CodeSampler):
    """The normal distribution with the codes' own mean and covariance.

    Args:
        model: A trained model whose codes are vectors or maps.

    Raises:
        ValueError: If the model has other codes.

    Source: Ghosh et al. 2020, "From variational to deterministic autoencoders",
    section 4, of one component.

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> Normal(model).fit(images).sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Mean and covariance, of maximum likelihood."""
        check_enough(codes, 2, "which have a covariance")
        rows = codes.reshape(len(codes), -1)
        covariance = np.atleast_2d(np.cov(rows, rowvar=False, bias=True))
        covariance = covariance + RIDGE * np.eye(rows.shape[1])
        return {"mean": rows.mean(axis=0), "covariance": covariance}

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """Mean + Lε, with LLᵀ the covariance."""
        state = self.fitted_state()
        noise = generator.standard_normal((n, len(state["mean"])))
        rows = state["mean"] + noise @ np.linalg.cholesky(state["covariance"]).T
        return rows.reshape(n, *self.model.code_shape)

    def density(self, codes: np.ndarray) -> np.ndarray:
        """The normal density of standardised codes."""
        state = self.fitted_state()
        rows = codes.reshape(len(codes), -1)
        return normal_log_prob(rows, state["mean"], state["covariance"])

    def get_config(self) -> dict[str, Any]:
        """No arguments beside the model."""
        return {}


def normal_log_prob(
    rows: np.ndarray, mean: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """Log N(rows; mean, covariance) of each row.

    Args:
        rows: Array of shape (count, d).
        mean: Array of shape (d,).
        covariance: Array of shape (d, d), positive definite.

    Returns:
        Nats of shape (count,).
    """
    from scipy.linalg import solve_triangular

    factor = np.linalg.cholesky(covariance)
    white = solve_triangular(factor, (rows - mean).T, lower=True)
    log_volume = np.log(np.diag(factor)).sum()
    constant = 0.5 * len(mean) * np.log(2 * np.pi)
    return -0.5 * np.square(white).sum(axis=0) - log_volume - constant
