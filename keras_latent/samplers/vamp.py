"""A mixture of the posteriors of training images."""

import math
from typing import Any

import numpy as np
from keras import ops

from keras_latent.samplers.base import check_enough
from keras_latent.samplers.posterior_rows import (
    has_posterior,
    posterior_draws,
    posteriors_of,
)
from keras_latent.samplers.posterior_sampler import PosteriorSampler
from keras_latent.validation import checked_positive_integer, checked_seed

_PAIRS = 20_000
"""Pairs of a code and a posterior that are looked at at once."""


class Vamp(PosteriorSampler):
    """The mean of the posteriors of K training images, drawn by chance.

        p(z) = 1/K Σₖ q(z|xₖ)

    It is the best prior there is for the encoder, as far as K images tell; a model that
    learned with `VampPrior` learned such images, and needs no sampler.

    Args:
        model: A trained model with a posterior. That needs a density for `log_prob`.
        components: Number K of images. Defaults to 500.
        seed: Decides which images. Defaults to 0.

    Raises:
        ValueError: If the model has no posterior, or `components` isn't a positive
            integer.

    Source: Tomczak and Welling 2018, "VAE with a VampPrior", equations 8 and 9, with
    inputs that are images.

    >>> from keras_latent.models import VAE
    >>> model = VAE.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> Vamp(model, components=5).fit(images).sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    # Posteriors lie where codes do.
    covers = ("real", "sphere", "ball")

    def __init__(self, model: Any, components: int = 500, seed: int = 0) -> None:
        components = checked_positive_integer("components", components)
        super().__init__(model)
        self.components = components
        self.seed = checked_seed(seed)

    @classmethod
    def check_model(cls, model: Any) -> None:
        """Refuse models without a posterior, too."""
        super().check_model(model)
        if not has_posterior(model):
            raise ValueError(
                "`model` must have a posterior, whose mixture Vamp is: use `Normal` or "
                "`GaussianMixture` for codes that aren't random. "
                f"Received: model={type(model).__name__}"
            )

    def fit_posteriors(
        self, rows: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Choose the images; their codes keep their scale, which the posteriors know.

        Raises:
            ValueError: If there are fewer than `components`.
        """
        check_enough(rows, self.components, "as many as `components`")
        generator = np.random.default_rng(self.seed)
        chosen = generator.choice(len(rows), self.components, replace=False)
        channels = self.model.code_shape[-1]
        unchanged = {"code_mean": np.zeros(channels), "code_scale": np.ones(channels)}
        return {**unchanged, "posteriors": rows[np.sort(chosen)]}

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Nothing: codes don't tell their posteriors.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "Vamp is fitted to posteriors: call `fit` with images. "
            f"Received: codes of shape {codes.shape}"
        )

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """A posterior for each code, and a draw from it."""
        rows = self.fitted_state()["posteriors"]
        chosen = rows[generator.integers(len(rows), size=n)]
        return posterior_draws(self.model, chosen, int(generator.integers(2**31)))

    def density(self, codes: np.ndarray) -> np.ndarray:
        """Log 1/K Σₖ q(z|xₖ).

        Raises:
            ValueError: If the posterior has no density.
        """
        posterior = self.model.posterior
        if not posterior.has_density:
            raise ValueError(
                "`log_prob` of Vamp needs a posterior with a density. "
                f"Received: posterior={posterior.name!r}, which has none"
            )
        rows = self.fitted_state()["posteriors"]
        q = posteriors_of(self.model, rows)
        at_once = max(1, _PAIRS // len(rows))
        parts = [
            self._mixed(codes[start : start + at_once], q)
            for start in range(0, len(codes), at_once)
        ]
        return np.concatenate(parts)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model."""
        return {"components": self.components, "seed": self.seed}

    def _mixed(self, codes: np.ndarray, q: Any) -> np.ndarray:
        from scipy.special import logsumexp

        z = ops.convert_to_tensor(codes.astype("float32"))
        by_component = ops.convert_to_numpy(self.model.posterior.crossed_log_prob(z, q))
        mixed = logsumexp(by_component.astype("float64"), axis=1)
        return mixed - math.log(by_component.shape[1])
