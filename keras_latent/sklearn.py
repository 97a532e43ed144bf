"""Latent models as transformers of scikit-learn."""

import inspect
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from keras_latent.models import VARIANTS, LatentModel
from keras_latent.renamed_errors import arguments_called
from keras_latent.validation import (
    check_choice,
    check_positive_integer,
    checked_optional_seed,
    is_integer,
)

__all__ = ["LatentTransformer"]

_WIDTH = 64
"""Units of the hidden layer of networks for rows of numbers."""


class LatentTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """A latent model as a transformer: from images, or rows of numbers, to codes.

    It stands in a `Pipeline`, is searched by `GridSearchCV` and copied by `clone`.
    `fit` trains a copy, so that the model that it was given stays as it is.

    Args:
        model: A name of `keras_latent.models.VARIANTS`, which is built for the data; or
            a latent model of one's own, with the weights and the optimizer that it has.
            Defaults to `"autoencoder"`.
        latent_dim: Number of dimensions of the code, of a model by its name. Defaults
            to 16.
        image_shape: (height, width, channels) of images that come as flat rows.
            Defaults to `None`: that of the model, or of the images; flat rows are rows
            of numbers in any range then, and the networks dense.
        settings: Further arguments of a model by its name, such as `{"beta": 4.0}`.
            Defaults to `None`.
        epochs: Passes over the data; 0 leaves a model of one's own as it was trained.
            Defaults to 10.
        batch_size: Rows of a step. Defaults to 128.
        random_state: Seed of weights, order and noise, or a `RandomState` that draws
            one. Defaults to `None`: Keras's.
        verbose: As of `keras.Model.fit`. Defaults to 0.

    Attributes:
        model_: The trained model.
        n_features_in_: Numbers in a row.
        n_iter_: Passes over the data that `fit` made.

    >>> from sklearn.cluster import KMeans
    >>> from sklearn.pipeline import make_pipeline
    >>> images = np.random.default_rng(0).random((20, 8, 8, 1))
    >>> codes = LatentTransformer("vae", latent_dim=2, epochs=1, random_state=0)
    >>> make_pipeline(codes, KMeans(2, random_state=0)).fit_predict(images).shape
    (20,)
    """

    def __init__(
        self,
        model: Any = "autoencoder",
        *,
        latent_dim: int = 16,
        image_shape: tuple[int, int, int] | None = None,
        settings: dict[str, Any] | None = None,
        epochs: int = 10,
        batch_size: int = 128,
        random_state: int | None = None,
        verbose: Any = 0,
    ) -> None:
        self.model = model
        self.latent_dim = latent_dim
        self.image_shape = image_shape
        self.settings = settings
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Train a model on images.

        Args:
            X: Images of shape (count, height, width, channels), or flat rows; in the
                range that the model takes, [0, 1] for most.
            y: Labels, of variants that use them. Others leave them aside.

        Returns:
            This transformer.

        Raises:
            TypeError: If `X` is a dataset.
            ValueError: If an argument of the constructor isn't as described, the images
                have another shape or range than the model takes, or it takes no single
                image alone.
        """
        if self.epochs != 0:
            check_positive_integer("epochs", self.epochs)
        check_positive_integer("batch_size", self.batch_size)
        check_positive_integer("latent_dim", self.latent_dim)
        self._check_settings()
        seed = _seed_of(self.random_state)
        rows = self._rows(X, reset=True)
        with _seeded(seed):
            model = self._new_model()
            self._check(model, rows)
            x = self._as_observed(rows, model)
            if self.epochs:
                model.fit(
                    x,
                    y if model.uses_labels else None,
                    epochs=self.epochs,
                    batch_size=self.batch_size,
                    verbose=self.verbose,
                )
        self.model_ = model
        self.n_iter_ = self.epochs
        self._n_features_out = model.latent_dim
        return self

    def transform(self, X: Any) -> np.ndarray:  # noqa: N803
        """Encode images.

        Args:
            X: Images as `fit` takes them, flat or not.

        Returns:
            Codes of shape (count, latent_dim), float32; those that are maps flattened.

        Raises:
            sklearn.exceptions.NotFittedError: Before `fit`.
            ValueError: If the images have another shape or range.
        """
        check_is_fitted(self)
        rows = self._rows(X, reset=False)
        self._check(self.model_, rows)
        codes = self.model_.encode(self._as_observed(rows, self.model_))
        return codes.reshape(len(codes), -1)

    def inverse_transform(self, X: Any) -> np.ndarray:  # noqa: N803
        """Decode codes.

        Args:
            X: Codes of shape (count, latent_dim).

        Returns:
            Images, flat where those of `fit` were.

        Raises:
            sklearn.exceptions.NotFittedError: Before `fit`.
            ValueError: If the codes have another length.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype="float32")
        if codes.shape[1] != self.model_.latent_dim:
            raise ValueError(
                f"`X` must have {self.model_.latent_dim} columns, the dimensions of a "
                f"code. Received: X of shape {codes.shape}"
            )
        decoded = self.model_.decode(codes.reshape(-1, *self.model_.code_shape))
        return decoded.reshape(len(codes), *(self._shape_seen or (-1,)))

    def score(self, X: Any, y: Any = None) -> float:  # noqa: N803
        """Minus the mean squared error of the reconstructions: more is better.

        Args:
            X: Images as `fit` takes them.
            y: Left aside.

        Returns:
            A number of at most 0.
        """
        check_is_fitted(self)
        rows = self._rows(X, reset=False)
        self._check(self.model_, rows)
        x = self._as_observed(rows, self.model_)
        return -float(np.mean(np.square(self.model_.reconstruct(x) - x)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.non_deterministic = self.random_state is None
        return tags

    def _rows(self, images: Any, reset: bool) -> np.ndarray:
        """Flat rows of images, whose shape `fit` remembers."""
        if isinstance(images, tf.data.Dataset | keras.utils.PyDataset):
            raise TypeError(
                "`X` must be an array, which scikit-learn can split: a dataset trains "
                f"`model.fit` itself. Received: X of type {type(images).__name__}"
            )
        shape = tuple(getattr(images, "shape", None) or np.asarray(images).shape)
        is_flat = len(shape) < 3
        if not is_flat:
            images = check_array(
                images, dtype="float32", allow_nd=True, input_name="X", estimator=self
            )
        if reset:
            self._shape_seen = None if is_flat else shape[1:]
        elif shape == self._shape_seen:
            raise ValueError(
                "`X` must hold images along its first axis, also where it is but one: "
                f"`X[None]`. Received: X of shape {shape}, that of an image"
            )
        elif not is_flat and self._shape_seen not in (None, shape[1:]):
            raise ValueError(
                f"`X` must have the shape of the images of `fit`, {self._shape_seen}. "
                f"Received: X of shape {shape}"
            )
        if not is_flat:
            images = images.reshape(len(images), -1)
        return validate_data(self, images, dtype="float32", reset=reset)

    def _check_settings(self) -> None:
        """Refuse what no model can be made with, or what would be left aside."""
        own = isinstance(self.model, LatentModel)
        if not own:
            check_choice("model", self.model, VARIANTS)
        for name in ("image_shape", "settings"):
            if own and getattr(self, name) is not None:
                raise ValueError(
                    f"`{name}` must be None where `model` is a model and no name. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        shape = self.image_shape
        if shape is not None and not (
            isinstance(shape, list | tuple | np.ndarray) and len(shape) in (2, 3)
        ):
            raise ValueError(
                "`image_shape` must be (height, width) or (height, width, channels). "
                f"Received: image_shape={shape!r}"
            )
        if own:
            return
        settings = {} if self.settings is None else self.settings
        if not isinstance(settings, Mapping):
            raise ValueError(
                "`settings` must be a dict of arguments of the variant. "
                f"Received: settings={self.settings!r}"
            )
        variant = VARIANTS[self.model]
        known = [*variant.constructor_arguments(), "code_shape", "name"]
        for name in settings:
            if name == "latent_dim":
                raise ValueError(
                    "`settings` can't hold 'latent_dim', which LatentTransformer takes "
                    f"itself. Received: settings={self.settings!r}"
                )
            check_choice("settings", name, [*known, "dtype"])
        for name in _needed_by(variant):
            if name not in settings:
                raise ValueError(
                    f"`settings` must hold {name!r}, without which there is no "
                    f"{variant.__name__}. Received: settings={self.settings!r}"
                )

    def _new_model(self) -> LatentModel:
        if isinstance(self.model, LatentModel):
            return _copy(self.model)
        variant, settings = VARIANTS[self.model], dict(self.settings or {})
        shape = self._shape_seen if self.image_shape is None else self.image_shape
        if shape is not None:
            shape = tuple(int(side) if is_integer(side) else side for side in shape)
            shape = shape if len(shape) == 3 else (*shape, 1)
            if "code_shape" not in settings:
                settings["latent_dim"] = self.latent_dim
            model = variant.for_images(shape, **settings)
        else:
            settings.setdefault("likelihood", "gaussian")
            networks = _networks_of_rows(self.n_features_in_, self.latent_dim)
            model = variant(**networks, **settings)
        model.compile()
        return model

    def _check(self, model: LatentModel, rows: np.ndarray) -> None:
        """Refuse a model of other things than images, and rows that it doesn't take."""
        spec = model.encoder_spec()
        if isinstance(spec, dict):
            raise ValueError(
                "`model` must take images and nothing else, since `transform` is given "
                f"no more. Received: model of type {type(model).__name__}, which takes "
                f"a dict of {sorted(spec)}"
            )
        shape = tuple(spec.shape[1:])
        if rows.shape[1] != int(np.prod(shape)):
            raise ValueError(
                f"`X` must hold images of shape {shape}, or flat rows of "
                f"{int(np.prod(shape))} numbers. Received: rows of {rows.shape[1]}"
            )
        with arguments_called(x="X"):
            model.check_observation(self._as_observed(rows, model))

    def _as_observed(self, rows: np.ndarray, model: LatentModel) -> np.ndarray:
        return rows.reshape(len(rows), *model.encoder_spec().shape[1:])


def _needed_by(variant: type[LatentModel]) -> list[str]:
    """The arguments of a variant that have no default, nor a default network."""
    made = {"encoder", "decoder", *variant.default_builders(code_is_map=False)}
    return [
        name
        for name, default in variant.constructor_defaults().items()
        if default is inspect.Parameter.empty and name not in made
    ]


def _networks_of_rows(size: int, latent_dim: int) -> dict[str, keras.Model]:
    """Dense networks of one hidden layer, for rows of numbers in any range."""
    layers = keras.layers
    encoder = [keras.Input((size,)), layers.Dense(_WIDTH, "relu")]
    decoder = [
        keras.Input((latent_dim,)),
        layers.Dense(_WIDTH, "relu"),
        layers.Dense(size, dtype="float32"),
    ]
    return {
        "encoder": keras.Sequential(encoder, name="encoder"),
        "decoder": keras.Sequential(decoder, name="decoder"),
    }


def _copy(model: LatentModel) -> LatentModel:
    """The same model with the same weights, which doesn't share them."""
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    config = model.get_compile_config() if model.compiled else None
    if config is None:
        copy.compile()
    else:
        copy.compile_from_config(config)
    return copy


def _seed_of(random_state: Any) -> int | None:
    """A seed of Keras, as scikit-learn's users say it."""
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    with arguments_called(seed="random_state"):
        return checked_optional_seed(random_state)


@contextmanager
def _seeded(seed: int | None) -> Iterator[None]:
    """Seed all of Keras's draws, and leave Python's and NumPy's as they were."""
    if seed is None:
        yield
        return
    python, arrays = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)
