"""The base of every latent model: networks, code, passes, saving."""

import inspect
import os
from typing import Any, Self

import keras
import numpy as np

from keras_latent import likelihoods, networks
from keras_latent.models import observations, specs
from keras_latent.saving import written_whole
from keras_latent.training.objective_model import ObjectiveModel
from keras_latent.typing import Observation, Tensor


class LatentModel(ObjectiveModel):
    """Base of the latent models: an encoder, a code and a decoder.

    The model owns the projection from the encoder's features to the code. A family of
    variants defines it (`DeterministicModel`, `VariationalModel`), a variant defines
    the `objective`, and everything else is here or in `ObjectiveModel`, once.

    Args:
        encoder: Any Keras model from an observation to a feature vector or a feature
            map. It is used as it is; a map is flattened. `None` for a variant with an
            `encoder_output` of its own, which is the code.
        decoder: Any Keras model from a code of shape (batch, latent_dim) to the
            parameters of the likelihood: the mean of the observation, or its logits. It
            may take a list of vectors, in which the code is cut in this order.
        likelihood: p(x|z), a name or an object of `keras_latent.likelihoods`. For a
            decoder that gives a dict, a dict of them, or one name for every column.
        **kwargs: `name` and `dtype` of the model.

    Attributes:
        bounds_images: Whether the default decoder keeps images in [0, 1] where the
            likelihood doesn't ask for it.

    Raises:
        ValueError: If the encoder and the decoder don't fit together.
    """

    bounds_images = False

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Keep the plain arguments of the constructor for `get_config`."""
        model = super().__new__(cls, *args, **kwargs)
        bound = inspect.signature(cls.__init__).bind(model, *args, **kwargs)
        bound.apply_defaults()
        arguments: dict[str, Any] = {}
        for parameter in bound.signature.parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                raise TypeError(
                    "A constructor of a latent model must name its arguments, so that "
                    f"the model can be saved. Received: {cls.__name__}.__init__ with "
                    f"*{parameter.name}"
                )
            value = bound.arguments[parameter.name]
            if isinstance(value, np.generic):
                value = value.item()
            is_rest = parameter.kind is parameter.VAR_KEYWORD
            arguments |= value if is_rest else {parameter.name: value}
        del arguments[next(iter(bound.signature.parameters))]
        is_plain = {
            name: value is None or isinstance(value, bool | int | float | str)
            for name, value in arguments.items()
        }
        model._plain_arguments = {n: v for n, v in arguments.items() if is_plain[n]}
        model._object_arguments = [n for n in arguments if not is_plain[n]]
        return model

    def __init__(
        self,
        encoder: keras.Model | None,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        **kwargs: Any,
    ) -> None:
        has_encoder = type(self).encoder_output is LatentModel.encoder_output
        if has_encoder:
            specs.check_model("encoder", encoder)
        specs.check_decoder(decoder)
        super().__init__(**kwargs)
        self.decoder = decoder
        self.latent_dim = sum(specs.code_sizes(decoder))
        spec = specs.observation_spec(decoder)
        if isinstance(spec, dict) and isinstance(likelihood, str):
            likelihood = dict.fromkeys(spec, likelihood)
        self.likelihood = likelihoods.get(likelihood)
        if isinstance(spec, dict) != isinstance(self.likelihood, likelihoods.Mixed):
            raise ValueError(
                "`likelihood` must be a dict where the decoder gives a dict, and only "
                f"there. Received: {likelihood=} for {observations.described(spec)}"
            )
        specs.check_activation(decoder, self.likelihood)
        # Whatever the dtype policy, codes and what follows from them are float32.
        self.flatten = keras.layers.Flatten(dtype="float32", name="flat_features")
        if has_encoder:
            self.encoder: Any = encoder
            specs.check_encoder(encoder, self.encoder_spec())
            self.create_code(
                specs.feature_size("encoder", encoder, self.encoder_spec())
            )
        self.built = True

    # What a family of variants defines.

    def create_code(self, feature_size: int) -> None:
        """Create the layers from features, (batch, feature_size), to the code."""
        raise NotImplementedError

    def code_from(self, features: Tensor, sample: bool = False) -> Tensor:
        """The code of features: the posterior's mean, or a draw from the posterior."""
        raise NotImplementedError

    # What is otherwise where the encoder takes more than the observation.

    def encoder_output(self, x: Any, training: bool) -> Tensor:
        """What the encoder gives: a feature vector or a feature map."""
        return self.encoder(x, training=training)

    def encoder_spec(self) -> Any:
        """What the encoder takes: a `KerasTensor` of shape (None, ...), or a dict."""
        return specs.observation_spec(self.decoder)

    def checked_target(self, x: Any) -> Observation:
        """The observation in given arrays, once the rest of them was looked at."""
        return x

    # Passes.

    def features(self, x: Observation, training: bool = False) -> Tensor:
        """The encoder's features, flattened: float32 of shape (batch, feature_size)."""
        (features,) = keras.tree.flatten(self.encoder_output(x, training))
        return self.flatten(features)

    def encode(
        self, x: Observation, sample: bool = False, training: bool = False
    ) -> Tensor:
        """Encode observations.

        Args:
            x: Observations of shape (batch, ...), or a dict of them.
            sample: Draw from the posterior instead of giving its mean; no difference
                where the code isn't random. Defaults to `False`.
            training: Whether layers behave as in training. Defaults to `False`.

        Returns:
            Codes of shape (batch, latent_dim), float32.
        """
        return self.code_from(self.features(x, training), sample=sample)

    def decode(self, z: Tensor, training: bool = False) -> Observation:
        """Decode codes.

        Args:
            z: Codes of shape (batch, latent_dim).
            training: Whether layers behave as in training. Defaults to `False`.

        Returns:
            The mean of the observation given the code, of its shape and range.
        """
        return self.likelihood.mean(self.decoder_output(z, training))

    def decoder_output(self, z: Tensor, training: bool = False) -> Any:
        """What the decoder gives for codes: the parameters of the likelihood."""
        return self.decoder(specs.split_code(z, self.decoder), training=training)

    def reconstruct(self, x: Observation) -> Observation:
        """Encode and decode observations of shape (batch, ...), or a dict of them."""
        return self.decode(self.encode(x))

    def call(self, x: Observation, training: bool = False) -> Observation:
        """Reconstruct observations; what `predict` returns."""
        return self.decode(self.encode(x, training=training), training=training)

    def reconstruction(self, x: Observation, z: Tensor, training: bool) -> Tensor:
        """−log p(x|z) of each example in nats, of shape (batch,)."""
        output = self.decoder_output(z, training)
        return -self.likelihood.log_prob(self.target(x), output)

    def to_encoder(self) -> keras.Model:
        """Build a functional model from observations to codes that shares the weights.

        Returns:
            A `keras.Model` of the encoder and Keras's own layers, which saves and loads
            without this library.
        """
        x = specs.as_inputs(self.encoder_spec())
        return keras.Model(x, self.encode(x), name=f"{self.name}_encoder")

    def to_decoder(self) -> keras.Model:
        """Build a functional model from codes to observations that shares the weights.

        Returns:
            A `keras.Model` of the decoder and Keras's own operations, which saves and
            loads without this library.
        """
        z = keras.Input((self.latent_dim,), name="code")
        return keras.Model(z, self.decode(z), name=f"{self.name}_decoder")

    # Checks.

    def example_observation(self) -> Any:
        """An observation of one row of zeros, as arrays."""
        return keras.tree.map_structure(
            lambda column: np.zeros((1, *column.shape[1:]), "float32"),
            self.encoder_spec(),
        )

    def check_single_observation(self) -> None:
        """Refuse networks of dicts, for objectives that are defined on one tensor."""
        spec = specs.observation_spec(self.decoder)
        if isinstance(spec, dict):
            raise ValueError(
                f"`decoder` must give one tensor for {type(self).__name__}. "
                f"Received: an output that is {observations.described(spec)}"
            )

    def check_observation(self, x: Any) -> None:
        """Refuse observations of another shape, not finite, or out of range.

        Args:
            x: Observations, as NumPy arrays or tensors.

        Raises:
            ValueError: If they don't fit; the message names what was observed.
        """
        observations.check_shapes(x, self.encoder_spec())
        target = self.checked_target(x)
        self.likelihood.check_observation(target)
        observations.check_range(target, specs.output_range(self.decoder))

    # Saving.

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        objects = {name: getattr(self, name) for name in self._object_arguments}
        return {
            **self._plain_arguments,
            **keras.saving.serialize_keras_object(objects),
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Make a model from the constructor's arguments, serialised."""
        return cls(
            **{
                name: keras.saving.deserialize_keras_object(
                    value, custom_objects=custom_objects
                )
                if isinstance(value, dict)
                else value
                for name, value in config.items()
            }
        )

    def save(
        self, filepath: str | os.PathLike, overwrite: bool = True, **kwargs: Any
    ) -> None:
        """Save, as `keras.Model.save`; a local file is written whole or not at all."""
        is_archive = kwargs.get("zipped", True) and str(filepath).endswith(".keras")
        is_local_file = is_archive and "://" not in str(filepath)
        if not is_local_file or (not overwrite and os.path.exists(filepath)):
            super().save(filepath, overwrite=overwrite, **kwargs)
            return
        with written_whole(filepath) as unfinished:
            super().save(unfinished, **kwargs)

    def export(self, filepath: str | os.PathLike, *args: Any, **kwargs: Any) -> None:
        """Export for serving, as `keras.Model.export`; what is served reconstructs."""
        # Keras exports what has been called, by the shapes of what it was called with.
        self(self.example_observation())
        kwargs.setdefault("input_signature", [self.encoder_spec()])
        super().export(filepath, *args, **kwargs)

    @classmethod
    def for_images(
        cls, image_shape: tuple[int, int, int], latent_dim: int, **kwargs: Any
    ) -> Self:
        """Build this variant with the default convolutional networks.

        Args:
            image_shape: (height, width, channels): at least 8 × 8, 1 or 3 channels.
            latent_dim: Number of dimensions of the code.
            **kwargs: Further arguments of the variant.

        Returns:
            A model of images in [0, 1].
        """
        parameters = inspect.signature(cls.__init__).parameters
        chosen = kwargs.pop("likelihood", parameters["likelihood"].default)
        likelihood = likelihoods.get(chosen)
        if isinstance(chosen, str) and hasattr(likelihood, "from_logits"):
            likelihood = type(likelihood)(from_logits=True)
        activation = likelihood.image_activation
        if cls.bounds_images and not getattr(likelihood, "from_logits", False):
            activation = activation or "sigmoid"
        given = cls.default_networks(image_shape, latent_dim, activation, **kwargs)
        return cls(**{**kwargs, **given, "likelihood": likelihood})

    @classmethod
    def default_networks(
        cls,
        image_shape: tuple[int, int, int],
        latent_dim: int,
        output_activation: str | None,
        **kwargs: Any,
    ) -> dict[str, keras.Model]:
        """The networks of `for_images`, by the names of the constructor's arguments.

        Args:
            image_shape: (height, width, channels).
            latent_dim: Number of dimensions of the code.
            output_activation: The decoder's last activation, as the likelihood asks.
            **kwargs: The other arguments that `for_images` was given.
        """
        return {
            "encoder": networks.convolutional_encoder(image_shape),
            "decoder": networks.convolutional_decoder(
                image_shape, latent_dim, output_activation=output_activation
            ),
        }
