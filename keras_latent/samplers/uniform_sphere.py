"""The uniform distribution on a sphere."""

import math
from typing import Any

import numpy as np

from keras_latent.samplers.code_sampler import CodeSampler


class UniformSphere(CodeSampler):
    """Directions that are all equally likely: g/‖g‖ of normal g.

    Of a model whose codes have length 1, they have it, too. Codes of other models are
    given the root mean square of the lengths that were seen.

    Args:
        model: A trained model whose codes are vectors or maps.

    Raises:
        ValueError: If the model has other codes.

    Source: Davidson et al. 2018, "Hyperspherical variational auto-encoders", section 3.

    >>> from keras_latent.models import Autoencoder
    >>> model = Autoencoder.for_images((8, 8, 1), latent_dim=2)
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1), "float32")
    >>> UniformSphere(model).fit(images).sample(3, seed=0).shape
    (3, 8, 8, 1)
    """

    covers = ("real", "sphere")

    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """The radius, of codes that aren't standardised: that would move the sphere."""
        state = self.fitted_state()
        codes = codes * state["code_scale"] + state["code_mean"]
        squares = np.square(codes).sum(axis=self._axes())
        radius = 1.0 if self.space == "sphere" else np.sqrt(squares.mean())
        channels = codes.shape[-1]
        return {
            "code_mean": np.zeros(channels),
            "code_scale": np.ones(channels),
            "radius": np.asarray(radius),
        }

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """Normal draws of the length of the radius."""
        noise = generator.standard_normal((n, *self.model.code_shape))
        length = np.sqrt(np.square(noise).sum(axis=self._axes(), keepdims=True))
        return noise / length * self.fitted_state()["radius"]

    def density(self, codes: np.ndarray) -> np.ndarray:
        """Minus the logarithm of the area of the sphere, or of all positions' spheres.

        Raises:
            ValueError: If the model's codes don't lie on the sphere.
        """
        if self.space != "sphere":
            raise ValueError(
                "`log_prob` of UniformSphere needs a model whose codes lie on a "
                "sphere: elsewhere it has no density, since it fills no volume. "
                f"Received: model={type(self.model).__name__}"
            )
        lengths = np.linalg.norm(codes, axis=-1)
        if np.abs(lengths - 1).max() > 1e-3:
            raise ValueError(
                "`codes` must have the length 1. Received: codes of lengths from "
                f"{lengths.min():g} to {lengths.max():g}"
            )
        half = codes.shape[-1] / 2
        log_area = math.log(2) + half * math.log(math.pi) - math.lgamma(half)
        positions = math.prod(codes.shape[1:-1])
        return np.full(len(codes), -log_area * positions)

    def get_config(self) -> dict[str, Any]:
        """No arguments beside the model."""
        return {}

    def _axes(self) -> tuple[int, ...]:
        """The axes of one vector: a map on spheres has one at each position."""
        if self.space == "sphere":
            return (-1,)
        return tuple(range(1, 1 + len(self.model.code_shape)))
