"""What every sampler does: labels, errors, files."""

import abc
import os
import random
import tempfile
import warnings
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np

from keras_latent.models.streaming import is_dataset
from keras_latent.renamed_errors import arguments_called
from keras_latent.samplers.conditions import conditions_of, is_conditional
from keras_latent.samplers.files import write_arrays
from keras_latent.samplers.labels import as_labels, check_seen, classes_of
from keras_latent.typing import Observation
from keras_latent.validation import (
    checked_optional_seed,
    checked_positive_integer,
    checked_switch,
)
from keras_latent.weights_hash import weights_hash

FORMAT = 1
"""The version of the files."""
MODEL = "model"
"""The name under which a file holds the model."""


class Sampler(abc.ABC):
    """Base of what is fitted to the codes of a trained model, and generates from them.

    Args:
        model: A trained model.

    Attributes:
        steered_by_labels: Whether it learns what codes there are for each label.
        arguments_of_draws: Names of the arguments that change draws, and no fit.
        state: What was fitted, as arrays by name, or `None`.
        model_hash: `weights_hash` of the model as it was when it was fitted to, or
            `None`.

    Raises:
        ValueError: If the model has codes of another kind.
    """

    steered_by_labels: ClassVar[bool] = False
    arguments_of_draws: ClassVar[tuple[str, ...]] = ()

    def __init__(self, model: Any) -> None:
        self.check_model(model)
        self.model = model
        self.state: dict[str, np.ndarray] | None = None
        self.model_hash: str | None = None

    # What a sampler defines.

    @classmethod
    @abc.abstractmethod
    def check_model(cls, model: Any) -> None:
        """Refuse a model that has no codes of the kind that it takes.

        Raises:
            ValueError: If it has none.
        """

    @abc.abstractmethod
    def encoded(self, images: Any, labels: Any, batch_size: int | None) -> np.ndarray:
        """What is fitted to: the codes of images, one row each.

        Args:
            images: What the model encodes, of shape (count, ...).
            labels: Of conditional models; otherwise they aren't looked at.
            batch_size: Images that are encoded at once, or `None`.
        """

    @abc.abstractmethod
    def fit_encoded(
        self, encoded: np.ndarray, labels: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Fit to what `encoded` gave.

        Args:
            encoded: Array of shape (count, ...).
            labels: Integers of shape (count,), or `None`.

        Returns:
            What was fitted, as arrays by name.
        """

    @abc.abstractmethod
    def decoded_draws(
        self, n: int, seed: int | None, labels: Any, batch_size: int | None
    ) -> Observation:
        """Draw codes and decode them, as `sample` says."""

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model."""

    # What users call.

    def fit(
        self, images: Any, labels: Any = None, batch_size: int | None = None
    ) -> "Sampler":
        """Fit to the codes of images: those of the training.

        Args:
            images: What the model encodes, of shape (count, ...), or a dataset of
                batches.
            labels: Integers of shape (count,), of samplers that labels steer, -1 where
                there is none; of conditional models, the condition of each, which the
                batches of a dataset bring along. Defaults to `None`.
            batch_size: Images that are encoded at once. Defaults to `None`: 256.

        Returns:
            The sampler itself.

        Raises:
            ValueError: If labels can't be used or don't fit, or there are fewer images
                than it takes.
        """
        self.check_labels_serve(labels)
        steers = labels is not None and self._is_steered
        if steers and not is_dataset(images):
            # Before all images are encoded.
            as_labels(labels, len(keras.tree.flatten(images)[0]))
        model_hash = _hash_of(self.model)
        with arguments_called(x="images", y="labels"):
            encoded = self.encoded(images, labels, batch_size)
        given = as_labels(labels, len(encoded)) if steers else None
        # Where fitting fails, what was fitted before stays.
        before = self.state
        try:
            fitted = self.fit_encoded(encoded, given)
        except BaseException:
            self.state = before
            raise
        if given is not None:
            fitted["classes"] = classes_of(given)
        self.restore(fitted, model_hash)
        return self

    def restore(self, state: dict[str, np.ndarray], model_hash: str | None) -> None:
        """Take what was fitted before.

        Args:
            state: The arrays by name.
            model_hash: `weights_hash` of the model as it was then.
        """
        self.state = state
        self.model_hash = model_hash

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
            seed: Seed of the draw. Defaults to `None`: another draw each time, which
                `keras.utils.set_random_seed` decides.
            labels: One for all, or integers of shape (n,), -1 for any; of conditional
                models, the conditions. Defaults to `None`.
            batch_size: Codes that are decoded at once. Defaults to `None`: 256.

        Returns:
            Images of shape (n, ...), as of the model's `decode`.

        Raises:
            ValueError: If nothing was fitted, a label was never seen, or is missing of
                a conditional model.

        Warns:
            UserWarning: If the model's weights aren't those that it was fitted to.
        """
        self.fitted_state()
        checked_positive_integer("n", n)
        if (found := _hash_of(self.model)) != self.model_hash:
            warnings.warn(self._changed(found, "call `fit` anew"), stacklevel=2)
        if is_conditional(self.model):
            labels = conditions_of(self.model, labels, n)
        return self.decoded_draws(n, seed, labels, batch_size)

    def save(self, path: str | os.PathLike, include_model: bool = True) -> None:
        """Save what was fitted, whole or not at all; `load_sampler` reads it.

        Args:
            path: Where the file shall stand; its name ends on `.npz` as a rule.
            include_model: Whether the file holds the model, too, if Keras can save it.
                Without it, the model is told when the sampler is loaded. Defaults to
                `True`.

        Raises:
            ValueError: If nothing was fitted, or the model can't be saved, or isn't the
                one that it was fitted to any more.
            OSError: If the file can't be written.
        """
        arrays = dict(self.fitted_state())
        header = self._header()
        include_model = checked_switch("include_model", include_model)
        if include_model and isinstance(self.model, keras.Model):
            found = _hash_of(self.model)
            if found != self.model_hash:
                advice = (
                    "call `fit` anew, or save it with `include_model=False` for the "
                    "model as it was"
                )
                raise ValueError(self._changed(found, advice))
            arrays[MODEL] = _file_of(self.model)
        write_arrays(path, header, arrays)

    @classmethod
    def suits(cls, model: Any) -> bool:
        """Whether a model has codes of the kind that it takes."""
        try:
            cls.check_model(model)
        except ValueError:
            return False
        return True

    @property
    def classes(self) -> np.ndarray | None:
        """The labels that it was fitted with, of shape (classes,), or `None`."""
        return None if self.state is None else self.state.get("classes")

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

    def labels_to_draw(self, n: int, labels: Any) -> np.ndarray | None:
        """The label of each draw that is asked for, where labels steer.

        Args:
            n: Number of draws.
            labels: One for all, integers of shape (n,), or `None`.

        Raises:
            ValueError: If nothing was fitted, `n` isn't a positive integer, or labels
                can't be used or were never seen.
        """
        self.fitted_state()
        n = checked_positive_integer("n", n)
        self.check_labels_serve(labels)
        if labels is None or not self._is_steered:
            return None
        if self.classes is None and is_conditional(self.model):
            # The decoder is told them; the codes weren't sorted by them.
            return None
        known = as_labels(np.full(n, labels) if not np.ndim(labels) else labels, n)
        check_seen(known, self.classes)
        return known

    @property
    def _is_steered(self) -> bool:
        """Whether labels are classes that steer it, and no vectors for the model."""
        condition = getattr(self.model, "condition", None)
        are_classes = condition is None or condition.num_classes is not None
        return self.steered_by_labels and are_classes

    def _header(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "sampler": type(self).__name__,
            "config": self.get_config(),
            "code_shape": list(self.model.code_shape),
            "model_hash": self.model_hash,
            "arrays": sorted(self.fitted_state()),
        }

    def _changed(self, found: str | None, advice: str) -> str:
        return (
            "`model` must have the weights to whose codes the sampler was fitted, of "
            f"the hash {self.model_hash}, but was changed since: {advice}. "
            f"Received: model={self.model.name!r} with the hash {found}"
        )

    def check_labels_serve(self, labels: Any) -> None:
        """Refuse labels that would change nothing.

        Raises:
            ValueError: If labels are given that neither sampler nor model look at.
        """
        serve = self.steered_by_labels or is_conditional(self.model)
        if labels is not None and not serve:
            raise ValueError(
                f"`labels` don't steer {type(self).__name__}: use `FlowMatching`, or "
                f"a conditional model. Received: labels of type {type(labels).__name__}"
            )


def draw_generator(seed: int | None) -> np.random.Generator:
    """What draws codes; without a seed, as the generators of the process stand.

    Raises:
        ValueError: If the seed is none.
    """
    seed = checked_optional_seed(seed)
    # Python's, since `keras.utils.set_random_seed` sets it and NumPy's is the old one.
    return np.random.default_rng(random.getrandbits(63) if seed is None else seed)


def _hash_of(model: Any) -> str | None:
    """What tells the weights of a model, where it has some that can be told."""
    return weights_hash(model) if hasattr(model, "weights") else None


def _file_of(model: Any) -> np.ndarray:
    """A model as the bytes of its `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        model.save(file)
        return np.fromfile(file, "uint8")


def check_enough(codes: np.ndarray, least: int, what: str) -> None:
    """Refuse fewer codes than what is fitted needs.

    Raises:
        ValueError: If there are fewer.
    """
    if len(codes) < least:
        raise ValueError(
            f"`images` must be at least {least}, {what}. Received: {len(codes)} images"
        )
