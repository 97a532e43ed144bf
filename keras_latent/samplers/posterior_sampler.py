"""Samplers that are fitted to posteriors, where a model has them."""

import abc
import typing
from typing import Any

import numpy as np

from keras_latent.samplers.code_sampler import CodeSampler
from keras_latent.samplers.posterior_rows import has_posterior, posterior_rows


class PosteriorSampler(CodeSampler):
    """Base of the samplers that learn from q(z|x) of images, not from codes alone.

    Of a model without posteriors they are fitted to codes, as any `CodeSampler`.

    Args:
        model: A trained model whose codes are vectors or maps.
    """

    @abc.abstractmethod
    def fit_posteriors(
        self, rows: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Fit the density, and the scale of codes.

        Args:
            rows: What `posterior_rows` gives, of shape (count, numbers).
            labels: Integers of shape (count,), or `None`.

        Returns:
            What was fitted, as arrays by name, `code_mean` and `code_scale` among them.
        """

    @classmethod
    def takes_posteriors(cls, model: Any) -> bool:
        """Whether a model has posteriors that it can be fitted to."""
        return has_posterior(model)

    @typing.final
    def encoded(self, images: Any, labels: Any, batch_size: int | None) -> np.ndarray:
        """The posteriors' parameters, side by side; codes, where there are none."""
        if self.takes_posteriors(self.model):
            return posterior_rows(self.model, images, labels, batch_size)
        return super().encoded(images, labels, batch_size)

    @typing.final
    def fit_encoded(
        self, encoded: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Fit the density to posteriors; to standardised codes, where there are none.

        Raises:
            ValueError: If there are too few.
        """
        if self.takes_posteriors(self.model):
            return self.fit_posteriors(encoded, labels)
        return super().fit_encoded(encoded, labels)
