"""Samplers of codes that are numbers: their scale, and where they lie."""

import abc
from typing import Any, ClassVar

import numpy as np

from keras_latent.latent_space.codes import as_codes, as_numbers, check_code_shape
from keras_latent.samplers.base import Sampler, draw_generator
from keras_latent.samplers.conditions import is_conditional, told
from keras_latent.typing import Observation

_FLAT = 1e-6
"""Standard deviations below this share of the greatest are those of dead codes."""


class CodeSampler(Sampler):
    """Base of the densities that are fitted to codes that are vectors or maps.

    Codes are standardised before anything is fitted: each number of a vector, each
    channel of a map. The means and deviations are kept, and undone in what is drawn.

    Args:
        model: A trained model whose codes are vectors or maps.

    Attributes:
        covers: Where codes may lie for it to have a density: beginnings of the names
            of spaces.
        space: Where the model's codes lie: `"real"`, `"sphere"` or a ball.

    Raises:
        ValueError: If the model has no encoder and decoder around such codes.
    """

    covers: ClassVar[tuple[str, ...]] = ("real",)

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        posterior = getattr(model, "posterior", None)
        self.space: str = getattr(posterior, "space", "real")

    # What a sampler defines, on standardised codes.

    @abc.abstractmethod
    def fit_codes(
        self, codes: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Fit the density.

        Args:
            codes: Standardised codes of shape (count, *code_shape), float64.
            labels: Integers of shape (count,), or `None`.

        Returns:
            What was fitted, as arrays by name.
        """

    @abc.abstractmethod
    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None
    ) -> np.ndarray:
        """Draw `n` standardised codes, of shape (n, *code_shape).

        Args:
            n: Number of codes.
            generator: What draws.
            labels: Integers of shape (n,), known ones, or `None`.
        """

    @abc.abstractmethod
    def density(self, codes: np.ndarray) -> np.ndarray:
        """Log-density of standardised codes, of shape (count,).

        Raises:
            ValueError: If there is none; the message says why.
        """

    # What users call.

    def sample_codes(
        self, n: int, seed: int | None = None, labels: Any = None
    ) -> np.ndarray:
        """Draw codes.

        Args:
            n: Number of codes.
            seed: Seed of the draw. Defaults to `None`: another draw each time.
            labels: One for all, or integers of shape (n,). Defaults to `None`.

        Returns:
            Array of shape (n, *code_shape), float32.

        Raises:
            ValueError: If nothing was fitted, or a label was never seen.
        """
        known = self.labels_to_draw(n, labels)
        state = self.fitted_state()
        drawn = self.draw(n, draw_generator(seed), known)
        codes = drawn * state["code_scale"] + state["code_mean"]
        return self._in_space(codes).astype("float32")

    def log_prob(self, codes: Any) -> np.ndarray:
        """The log-density of codes.

        Args:
            codes: Array of shape (count, *code_shape).

        Returns:
            Nats of shape (count,), float64, of the codes as the model gives them.

        Raises:
            ValueError: If nothing was fitted, the codes have another shape, or there is
                no density.
        """
        state = self.fitted_state()
        if not self.space.startswith(self.covers):
            raise ValueError(
                f"{type(self).__name__} has no density for codes that don't fill all "
                "the space of numbers: its draws are moved to where codes can lie. "
                f"Received: codes of a model on the space {self.space!r}"
            )
        codes = as_numbers("codes", codes).astype("float64")
        if codes.ndim != 1 + len(self.model.code_shape):
            codes = as_codes("codes", codes, ranks=[1 + len(self.model.code_shape)])
        check_code_shape("codes", codes, self.model.code_shape)
        scaled = (codes - state["code_mean"]) / state["code_scale"]
        scales = np.broadcast_to(state["code_scale"], self.model.code_shape)
        return self.density(scaled) - np.log(scales).sum()

    # What the base asks.

    @classmethod
    def check_model(cls, model: Any) -> None:
        """Refuse models of tokens, and what has no encoder and decoder."""
        name = type(model).__name__
        if hasattr(model, "decode_tokens"):
            raise ValueError(
                f"`model` must have codes that are numbers, but those of {name} are "
                "tokens: use `TokenTransformer` or `PixelCNN`. "
                f"Received: model={name}"
            )
        parts = ("encode", "decode", "code_shape")
        if not all(hasattr(model, part) for part in parts):
            raise ValueError(
                "`model` must have an encoder to codes and a decoder of codes alone. "
                f"Received: model={name}"
            )

    def encoded(self, images: Any, labels: Any, batch_size: int | None) -> np.ndarray:
        """Codes of shape (count, *code_shape), float64."""
        given = [images, *told(self.model, images, labels)]
        codes = self.model.encode(*given, batch_size=batch_size)
        return as_codes("images", np.asarray(codes)).astype("float64")

    def fit_encoded(
        self, encoded: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Standardise codes, and fit the density to them."""
        # For what undoes the scale while it is fitted.
        self.state = state = self.scale_of(encoded)
        codes = (encoded - state["code_mean"]) / state["code_scale"]
        return state | self.fit_codes(codes, labels)

    def scale_of(self, codes: np.ndarray) -> dict[str, np.ndarray]:
        """The means and deviations of codes; 1 of dead ones."""
        axes = tuple(range(codes.ndim - 1))
        mean, scale = codes.mean(axes), codes.std(axes)
        scale = np.where(scale > _FLAT * scale.max(), scale, 1.0)
        return {"code_mean": mean, "code_scale": scale}

    def decoded_draws(
        self, n: int, seed: int | None, labels: Any, batch_size: int | None
    ) -> Observation:
        """Draw codes and decode them, with their labels where the model is told."""
        codes = self.sample_codes(n, seed, labels)
        if not is_conditional(self.model):
            return self.model.decode(codes, batch_size=batch_size)
        return self.model.decode(codes, labels, batch_size=batch_size)

    def _in_space(self, codes: np.ndarray) -> np.ndarray:
        """The nearest codes that the decoder takes: on the sphere, within the ball."""
        if self.space == "real":
            return codes
        length = np.linalg.norm(codes, axis=-1, keepdims=True)
        if self.space == "sphere":
            return codes / np.maximum(length, np.finfo("float64").tiny)
        # Short of the border, where distances are infinite.
        most = (1 - 1e-3) * self.model.posterior.radius
        return codes * np.minimum(1, most / (length + 1e-12))
