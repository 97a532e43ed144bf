"""What every sampler does: codes, their scale, errors, files."""

import abc
import os
from typing import Any, ClassVar

import numpy as np

from keras_latent.latent_space.codes import as_codes, as_numbers, check_code_shape
from keras_latent.samplers.files import write_arrays
from keras_latent.typing import Observation
from keras_latent.validation import check_positive_integer
from keras_latent.weights_hash import weights_hash

FORMAT = 1
"""The version of the files."""

_FLAT = 1e-6
"""Standard deviations below this share of the greatest are those of dead codes."""


class Sampler(abc.ABC):
    """Base of the densities that are fitted to the codes of a trained model.

    Codes are standardised before anything is fitted: each number of a vector, each
    channel of a map. The means and deviations are kept, and undone in what is drawn.

    Args:
        model: A trained model whose codes are vectors or maps.

    Attributes:
        steered_by_labels: Whether it learns a density for each label.
        covers_spheres: Whether its density is one on a sphere, where the codes lie on
            one.
        space: Where the model's codes lie: `"real"`, `"sphere"` or a ball.
        state: What was fitted, as arrays by name, or `None`.

    Raises:
        ValueError: If the model has no encoder and decoder around such codes.
    """

    steered_by_labels: ClassVar[bool] = False
    covers_spheres: ClassVar[bool] = False

    def __init__(self, model: Any) -> None:
        _check_model(model)
        self.model = model
        self.state: dict[str, np.ndarray] | None = None
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

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model."""

    # What users call.

    def fit(
        self, images: Any, labels: Any = None, batch_size: int | None = None
    ) -> "Sampler":
        """Fit the density to the codes of images: those of the training.

        Args:
            images: What the model encodes, of shape (count, ...).
            labels: Integers of shape (count,), of samplers that labels steer, and of
                conditional models. Defaults to `None`.
            batch_size: Images that are encoded at once. Defaults to `None`: 256.

        Returns:
            The sampler itself.

        Raises:
            ValueError: If labels can't be used or don't fit, or there are fewer images
                than it takes.
        """
        conditional = getattr(self.model, "condition", None) is not None
        self._check_labels_serve(labels)
        codes = self.model.encode(
            images, *([labels] if conditional else []), batch_size=batch_size
        )
        codes = as_codes("images", np.asarray(codes)).astype("float64")
        given = None
        if labels is not None and self.steered_by_labels:
            given = _as_labels(labels, len(codes))
        axes = tuple(range(codes.ndim - 1))
        mean, scale = codes.mean(axes), codes.std(axes)
        scale = np.where(scale > _FLAT * scale.max(), scale, 1.0)
        # Where fitting fails, what was fitted before stays.
        before = self.state
        self.state = {"code_mean": mean, "code_scale": scale}
        try:
            fitted = self.fit_codes((codes - mean) / scale, given)
        except BaseException:
            self.state = before
            raise
        self.state |= fitted
        if given is not None:
            self.state["classes"] = np.unique(given)
        return self

    def sample(
        self,
        n: int,
        seed: int | None = None,
        labels: Any = None,
        batch_size: int | None = None,
    ) -> Observation:
        """Generate images: draw codes and decode them.

        Args:
            n: Number of images.
            seed: Seed of the draw. Defaults to `None`: another draw each time.
            labels: One for all, or integers of shape (n,). Defaults to `None`.
            batch_size: Codes that are decoded at once. Defaults to `None`: 256.

        Returns:
            Images of shape (n, ...), as of the model's `decode`.

        Raises:
            ValueError: If nothing was fitted, or a label was never seen.
        """
        codes = self.sample_codes(n, seed, labels)
        if getattr(self.model, "condition", None) is None:
            return self.model.decode(codes, batch_size=batch_size)
        y = np.full(n, labels) if labels is not None and not np.ndim(labels) else labels
        return self.model.decode(codes, y, batch_size=batch_size)

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
        state = self.fitted_state()
        check_positive_integer("n", n)
        self._check_labels_serve(labels)
        known = None
        if labels is not None and self.steered_by_labels:
            known = _as_labels(np.full(n, labels) if not np.ndim(labels) else labels, n)
            _check_seen(known, state.get("classes"))
        drawn = self.draw(n, np.random.default_rng(seed), known)
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
        if self.space != "real" and not (
            self.covers_spheres and self.space == "sphere"
        ):
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

    def save(self, path: str | os.PathLike) -> None:
        """Save what was fitted, whole or not at all; `load_sampler` reads it.

        Args:
            path: Where the file shall stand; its name ends on `.npz` as a rule.

        Raises:
            ValueError: If nothing was fitted.
            OSError: If the file can't be written.
        """
        write_arrays(path, self._header(), self.fitted_state())

    def fitted_state(self) -> dict[str, np.ndarray]:
        """What was fitted.

        Raises:
            ValueError: If nothing was.
        """
        if self.state is None:
            raise ValueError(
                f"{type(self).__name__} must be fitted before it is asked: call `fit` "
                "with the images of the training. Received: a sampler without `fit`"
            )
        return self.state

    def _header(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "sampler": type(self).__name__,
            "config": self.get_config(),
            "code_shape": list(self.model.code_shape),
            "model_hash": weights_hash(self.model),
        }

    def _check_labels_serve(self, labels: Any) -> None:
        conditional = getattr(self.model, "condition", None) is not None
        if labels is not None and not (self.steered_by_labels or conditional):
            raise ValueError(
                f"`labels` don't steer {type(self).__name__}: use `FlowMatching`, or "
                f"a conditional model. Received: labels of type {type(labels).__name__}"
            )

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


def check_enough(codes: np.ndarray, least: int, what: str) -> None:
    """Refuse fewer codes than what is fitted needs.

    Raises:
        ValueError: If there are fewer.
    """
    if len(codes) < least:
        raise ValueError(
            f"`images` must be at least {least}, {what}. Received: {len(codes)} images"
        )


def _check_model(model: Any) -> None:
    name = type(model).__name__
    if hasattr(model, "decode_tokens"):
        raise ValueError(
            "`model` must have codes that are numbers, but those of "
            f"{name} are tokens: fit a model of sequences to `model.tokens(images)`, "
            "and give what it draws to `model.decode_tokens`. "
            f"Received: model={name}"
        )
    has_all = all(hasattr(model, part) for part in ("encode", "decode", "code_shape"))
    if not has_all or getattr(model, "inverts_features", False):
        raise ValueError(
            "`model` must have an encoder to codes and a decoder of codes alone. "
            f"Received: model={name}"
        )


def _as_labels(labels: Any, count: int) -> np.ndarray:
    array = np.asarray(labels)
    if array.shape != (count,) or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"`labels` must be integers of shape ({count},). Received: labels of shape "
            f"{array.shape} and dtype {array.dtype}"
        )
    return array


def _check_seen(labels: np.ndarray, classes: np.ndarray | None) -> None:
    if classes is None:
        raise ValueError(
            "`labels` need a sampler that was fitted with labels. "
            "Received: labels for one that was fitted without"
        )
    unseen = sorted(set(labels.tolist()) - set(classes.tolist()))
    if unseen:
        raise ValueError(
            f"`labels` must be among those of the fit, {classes.tolist()}. "
            f"Received: labels with the values {unseen}"
        )
