"""The base of every latent model: what users call."""

import functools
import os
from typing import Any, Self

import keras
import numpy as np

from keras_latent.graph import known_values
from keras_latent.models import specs
from keras_latent.models.coding_model import CodingModel
from keras_latent.models.streaming import is_dataset, streamed
from keras_latent.training.arrays import check_is_real
from keras_latent.training.data import as_arrays
from keras_latent.typing import Observation, Tensor
from keras_latent.validation import (
    check_some_rows,
    checked_optional_seed,
    checked_positive_integer,
    checked_switch,
)


class LatentModel(CodingModel):
    """Base of the latent models: an encoder, a code and a decoder.

    The model owns the projection from the encoder's features to the code: a dense layer
    to a vector, a 1×1 convolution to a map. A family of variants defines it
    (`DeterministicModel`, `VariationalModel`), a variant defines the `objective`, and
    everything else is here or in `ObjectiveModel`, once.

    Args:
        encoder: Any Keras model from an observation to a feature vector or a feature
            map. It is used as it is. `None` for a variant with an `encoder_output` of
            its own, which is the code.
        decoder: Any Keras model from a code of shape (batch, latent_dim) or (batch, h,
            w, c) to the parameters of the likelihood: the mean of the observation, or
            its logits. With a condition, it takes the list [code, condition].
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. For a
            decoder that gives a dict, a dict of them, or one name for every column.
            Defaults to `"gaussian"`.
        **kwargs: `name` and `dtype` of the model.

    Attributes:
        code_shape: Shape of one code: (d,) or (h, w, c).
        latent_dim: Number of elements of a code, the product of its shape.
        condition: What networks are given beside the observation and the code, or
            `None`.
        has_prior: Whether there is a prior p(z) to sample from.
        bounds_evidence: Whether the loss, with weights of 1, is minus a lower bound of
            log p(x).
        bounds_images: Whether the default decoder keeps images in [0, 1] where the
            likelihood doesn't ask for it.
        needs_classes: The constructor's argument that takes the number of classes, if
            there is one.
        needs_dataset_size: The constructor's argument that takes the number of rows of
            the training set, if there is one.
        codes_are_maps: Whether its codes can be nothing but maps.
        drowning_weight: The constructor's argument that weighs a term which drowns in
            the reconstruction of large images unless it is weighted, if there is one.
        rises: From where to where the command line lets numbers rise in the first half
            of a training, by their names, unless the user says what they are.
        initial_biases: What the biases of layers of the code begin with, by the names
            of the layers; 0 of others.
        inverts_features: Whether the code holds the features of a frozen network.
        term_meanings: What each term of the objective says, in a few words.

    Raises:
        ValueError: If the encoder and the decoder don't fit together.
    """

    def encode(
        self,
        x: Any,
        y: Any = None,
        sample: bool = False,
        training: bool = False,
        batch_size: int | None = None,
    ) -> Any:
        """Encode observations, as many as there are: batch by batch.

        Args:
            x: Observations of shape (count, ...), or a dict of them; or a dataset of
                batches as `fit` takes it, whose labels are left aside.
            y: The condition of each, of conditional models alone.
            sample: Draw from the posterior instead of giving its mean; no difference
                where the code isn't random. Defaults to `False`.
            training: Whether layers behave as in training; it is one batch then, and
                gives a tensor. Defaults to `False`.
            batch_size: Rows that are worked on at once. Defaults to `None`: 256, or the
                batches of a dataset.

        Returns:
            Codes of shape (count, *code_shape), float32: a NumPy array, or a tensor of
            a tensor.

        Raises:
            ValueError: If shape or range are not those that `fit` takes, a switch is
                neither on nor off, or a dataset is to be encoded as in training.
        """
        sample = checked_switch("sample", sample)
        if checked_switch("training", training):
            _check_one_batch("x", x)
            observation = x if self.condition is None else self.observation(x, y)
            return self.encoded(observation, training, sample)
        encode = functools.partial(self.encoded, sample=sample)
        return self._streamed(encode, x, y, batch_size)

    def decode(
        self,
        z: Any,
        y: Any = None,
        training: bool = False,
        batch_size: int | None = None,
    ) -> Observation:
        """Decode codes, batch by batch.

        Args:
            z: Codes of shape (count, *code_shape), or a dataset of batches of them,
                with the condition where there is one.
            y: The condition of each, of conditional models alone.
            training: Whether layers behave as in training; it is one batch then, and
                gives tensors. Defaults to `False`.
            batch_size: Rows that are worked on at once. Defaults to `None`: 256.

        Returns:
            The mean of the observation given the code, of its shape and range: NumPy
            arrays, or tensors of a tensor.

        Raises:
            ValueError: If the codes have another shape, aren't finite, lie outside of
                the posterior's space, or are a dataset to be decoded as in training.
        """
        if checked_switch("training", training):
            _check_one_batch("z", z)
        given: Any
        if is_dataset(z):
            given = z
        elif self.condition is None:
            self.given_observation(z, y)
            given = {"z": z}
        else:
            given = {"z": z, "y": self.observation(z, y)["y"]}
            self.condition.check(given["y"], None)
            if keras.ops.is_tensor(z):
                given["y"] = keras.ops.convert_to_tensor(given["y"])

        def decode(given: dict[str, Tensor]) -> Observation:
            z = given["z"]
            if self.condition is None:
                return self.decoded(z, None, training)
            return self.decoded(z, self.condition.vector_of(given["y"]), training)

        if training:
            return decode(given)

        def as_codes(batch: Any) -> dict[str, Any]:
            codes, told, _ = keras.utils.unpack_x_y_sample_weight(batch)
            return {"z": codes} if self.condition is None else {"z": codes, "y": told}

        return streamed(
            decode,
            given,
            batch_size,
            check=self._check_codes,
            as_observation=as_codes,
        )

    def reconstruct(
        self, x: Any, y: Any = None, batch_size: int | None = None
    ) -> Observation:
        """Encode and decode observations, batch by batch; arguments as of `encode`."""
        return self._streamed(self.call, x, y, batch_size)

    def sample(
        self, n: int | None = None, y: Any = None, seed: int | None = None
    ) -> Observation:
        """Generate: draw codes from the prior and decode them.

        Args:
            n: Number of observations; with a condition it may be left to `y`.
            y: The condition of each, of conditional models alone; a number is the class
                of all.
            seed: Seed of the draw. Defaults to `None`: the global generator of Keras,
                another draw each time, which `keras.utils.set_random_seed` decides.

        Returns:
            Means of the observation, of shape (n, ...).

        Raises:
            ValueError: If there is no prior, `n` isn't a positive integer, `seed` is no
                integer of at least 0, or there aren't as many conditions.
        """
        if self.prior is None:
            raise ValueError(
                f"`sample` needs a prior, which {type(self).__name__} doesn't have: "
                "fit a density to its codes instead, see `kl.samplers`. "
                f"Received: {self.name!r} without a prior"
            )
        if n is None and np.ndim(y):
            n = len(y)
        n = checked_positive_integer("n", n)
        if y is not None and not np.ndim(y):
            y = np.full(n, y)
        seed = checked_optional_seed(seed)
        generator = None if seed is None else keras.random.SeedGenerator(seed)
        z = self.prior.sample(shape=(n, *self.code_shape), seed=generator)
        return self.decode(z, y)

    def log_likelihood(
        self,
        x: Any,
        num_samples: int = 1000,
        batch_size: int = 500,
        seed: int = 0,
        y: Any = None,
    ) -> np.ndarray:
        """Estimate log p(x); only models with a posterior and a prior can.

        Raises:
            ValueError: Always; `VariationalModel` has both.
        """
        raise ValueError(
            f"`log_likelihood` needs a density, which {type(self).__name__} doesn't "
            "define: its code is a function of the observation. Compare "
            "reconstructions by `kl.metrics`, or train a `VAE`. "
            f"Received: {self.name!r} without a posterior"
        )

    def _streamed(self, function: Any, x: Any, y: Any, batch_size: int | None) -> Any:
        if not is_dataset(x):
            x = as_arrays(self, {"x": x})["x"]
        x = self.given_observation(x, y)

        def as_observation(batch: Any) -> Any:
            return self.observation(*keras.utils.unpack_x_y_sample_weight(batch)[:2])

        return streamed(
            function,
            x,
            batch_size,
            check=self.check_observation,
            as_observation=as_observation,
        )

    def to_encoder(self) -> keras.Model:
        """Build a functional model from observations to codes that shares the weights.

        Returns:
            A `keras.Model` of the encoder and Keras's own layers, which saves and loads
            without this library. Freezing or quantizing it does the same to this model.
            With a condition, it takes a dict of `x` and `y`.
        """
        x = specs.as_inputs(self.encoder_spec())
        return keras.Model(x, self.encoded(x), name=f"{self.name}_encoder")

    def to_decoder(self) -> keras.Model:
        """Build a functional model from codes to observations that shares the weights.

        Returns:
            A `keras.Model` of the decoder and Keras's own operations, which saves and
            loads without this library. With a condition, it takes a dict of `x`, the
            code, and `y`.
        """
        name = f"{self.name}_decoder"
        if self.condition is None:
            z = keras.Input(self.code_shape, name="code")
            return keras.Model(z, self.decoded(z), name=name)
        z = keras.Input(self.code_shape, name="x")
        y = specs.as_inputs(self.condition.given, "y")
        decoded = self.decoded(z, self.condition.vector_of(y))
        return keras.Model({"x": z, "y": y}, decoded, name=name)

    def _check_codes(self, given: dict[str, Any]) -> None:
        z = given["z"]
        shape = tuple(np.shape(z))
        if shape[1:] != self.code_shape:
            expected = ", ".join(map(str, self.code_shape))
            raise ValueError(
                f"`z` must have the shape (count, {expected}). "
                f"Received: z of shape {shape}"
            )
        check_some_rows("z", shape)
        values = known_values(z)
        if values is not None:
            check_is_real("z", values)
        if values is not None and not np.isfinite(values).all():
            raise ValueError(
                "`z` must be finite. Received: z with "
                f"{np.count_nonzero(~np.isfinite(values))} values that are not"
            )
        if self.posterior is not None:
            self.posterior.check_codes(z)
        if self.condition is not None:
            self.condition.check(given["y"], shape[0])

    def save_to_preset(self, path: str | os.PathLike, **card: Any) -> None:
        """Write a folder that can be shared; see `keras_latent.save_to_preset`."""
        from keras_latent import presets

        presets.save_to_preset(self, path, **card)

    @classmethod
    def from_preset(cls, path: str | os.PathLike, compile: bool = True) -> Self:
        """Load what `save_to_preset` wrote; see `keras_latent.from_preset`.

        Raises:
            ValueError: If it is no model of this class.
        """
        from keras_latent import presets

        model = presets.from_preset(path, compile)
        if not isinstance(model, cls):
            raise ValueError(
                f"`path` must be a preset of {cls.__name__}. "
                f"Received: path={str(path)!r} with a {type(model).__name__}"
            )
        return model

    def export(self, filepath: str | os.PathLike, *args: Any, **kwargs: Any) -> None:
        """Export for serving, as `keras.Model.export`; what is served reconstructs."""
        # Keras exports what has been called, by the shapes of what it was called with.
        self(self.example_observation())
        kwargs.setdefault("input_signature", [self.encoder_spec()])
        super().export(filepath, *args, **kwargs)


def _check_one_batch(argument: str, given: Any) -> None:
    if is_dataset(given):
        raise ValueError(
            f"`{argument}` must be one batch where `training` is True. "
            f"Received: {argument} of type {type(given).__name__}"
        )


def check_is_latent_model(model: Any) -> None:
    """Refuse what is no latent model.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(model, LatentModel):
        raise ValueError(
            "`model` must be a latent model of keras_latent. "
            f"Received: model of type {type(model).__name__}"
        )
