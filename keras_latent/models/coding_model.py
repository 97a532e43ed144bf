"""Networks around a code, and the passes through them."""

from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_latent import likelihoods
from keras_latent.models import observations, specs
from keras_latent.models.conditions import Condition
from keras_latent.models.observing_model import ObservingModel
from keras_latent.networks.checks import check_model
from keras_latent.typing import Observation, Tensor


class CodingModel(ObservingModel):
    """An encoder, a code and a decoder that fit together, and one batch through them.

    What is here runs within a graph as well as outside, and looks at no values; what
    users call is `LatentModel`. Arguments and attributes are described there.
    """

    bounds_evidence: ClassVar[bool] = False
    needs_classes: ClassVar[str | None] = None
    needs_dataset_size: ClassVar[str | None] = None
    inverts_features: ClassVar[bool] = False
    codes_are_maps: ClassVar[bool] = False
    drowning_weight: ClassVar[str | None] = None
    rises: ClassVar[dict[str, tuple[float, float]]] = {}
    initial_biases: ClassVar[dict[str, float]] = {}
    term_meanings: ClassVar[dict[str, str]] = {}
    has_prior = False
    prior: Any = None
    posterior: Any = None

    def __init__(
        self,
        encoder: keras.Model | None,
        decoder: keras.Model,
        likelihood: Any = "gaussian",
        **kwargs: Any,
    ) -> None:
        condition = kwargs.pop("condition", None)
        self.check_argument_names(kwargs)
        has_encoder = type(self).encoder_output is CodingModel.encoder_output
        if has_encoder:
            check_model("encoder", encoder)
        decoder_spec = specs.decoder_spec(decoder)
        super().__init__(**kwargs)
        self.decoder = decoder
        self.condition: Condition | None = condition
        self.decoder_spec = decoder_spec
        self.code_shape = self.code_shape_of(decoder_spec.inputs)
        self.latent_dim = int(np.prod(self.code_shape))
        observed = decoder_spec.observation
        if isinstance(observed, dict) and isinstance(likelihood, str):
            likelihood = dict.fromkeys(observed, likelihood)
        self.likelihood = likelihoods.get(likelihood)
        self.remember_given("likelihood", likelihood, self.likelihood)
        if isinstance(observed, dict) != isinstance(self.likelihood, likelihoods.Mixed):
            raise ValueError(
                "`likelihood` must be a dict where the decoder gives a dict, and only "
                f"there. Received: {likelihood=} for {observations.described(observed)}"
            )
        specs.check_activation(decoder, decoder_spec, self.likelihood)
        shapes = keras.tree.map_structure(lambda spec: tuple(spec.shape[1:]), observed)
        self.likelihood.check_event(shapes)
        self._output_range = specs.output_range(decoder)
        if has_encoder:
            self.encoder: Any = encoder
            taken = self.network_spec(self.encoder_spec())
            specs.check_encoder(encoder, taken)
            features = specs.feature_shape("encoder", encoder, taken)
            if len(self.code_shape) > 1:
                specs.check_map(features, self.code_shape)
            else:
                features = (int(np.prod(features)),)
            for name, channels in self.code_channels().items():
                self._add_code_layer(name, channels, features)
        self.built = True

    # What a family of variants defines.

    def code_channels(self) -> dict[str, int]:
        """The layers from features to what the code is made of, by name, and sizes."""
        raise NotImplementedError

    def code_from(self, features: Tensor, sample: bool = False) -> Tensor:
        """The code of features: the posterior's mean, or a draw from the posterior."""
        raise NotImplementedError

    # What is otherwise where the networks take more than the observation and the code.

    def encoder_output(self, x: Any, training: bool) -> Tensor:
        """What the encoder gives: a feature vector or a feature map."""
        return self.encoder(self.network_input(x), training=training)

    def encoder_spec(self) -> Any:
        """What is encoded: a `KerasTensor` of shape (None, ...), or a dict of them."""
        observed = self.decoder_spec.observation
        if self.condition is None:
            return observed
        return {"x": observed, "y": self.condition.given}

    def network_input(self, x: Any) -> Any:
        """What the encoder takes of what is encoded: x, or [x, condition]."""
        if self.condition is None:
            return specs.as_taken(self.encoder, x)
        if not isinstance(x, dict) or x.get("y") is None:
            self.condition.check(None, None)
        # Keras takes arrays, and tensors, but not both at once.
        return [specs.as_tensor(x["x"]), self.condition_in(x)]

    def network_spec(self, spec: Any) -> Any:
        """What the encoder takes, as `KerasTensor`s."""
        return spec if self.condition is None else [spec["x"], self.condition.vector]

    def condition_in(self, x: Any) -> Tensor | None:
        """The vector of the condition in what is encoded, if there is one."""
        return None if self.condition is None else self.condition.vector_of(x["y"])

    def code_shape_of(self, inputs: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
        """The shape of the code, from those of the decoder's inputs.

        Raises:
            ValueError: If the other inputs aren't the condition.
        """
        wanted = [] if self.condition is None else [(self.condition.length,)]
        if list(inputs[1:]) != wanted:
            condition = f"a condition of shape {wanted}" if wanted else "nothing else"
            raise ValueError(
                f"`decoder` must take one vector or map, the code, and {condition}. "
                f"Received: a decoder of inputs of shapes {list(inputs)}"
            )
        return inputs[0]

    def decoder_input(self, z: Tensor, condition: Tensor | None) -> Any:
        """What the decoder takes of a code and a condition."""
        return z if condition is None else [specs.as_tensor(z), condition]

    def observation(self, x: Any, y: Any) -> Any:
        """What is encoded, of the `x` and the `y` that `fit` is given."""
        if self.condition is None or (isinstance(x, dict) and {"x", "y"} <= x.keys()):
            return x
        # Of a list, each number would be taken for an input of its own.
        return {"x": x, "y": np.asarray(y) if isinstance(y, list | tuple) else y}

    def target(self, x: Any) -> Observation:
        """What is to be reconstructed of what is encoded."""
        return x if self.condition is None else x["x"]

    # Passes.

    def features(self, x: Any, training: bool = False) -> Tensor:
        """The encoder's features, float32: a vector, or a map where the code is one."""
        (features,) = keras.tree.flatten(self.encoder_output(x, training))
        # Whatever the dtype policy, codes and what follows from them are float32.
        features = ops.cast(features, "float32")
        if len(self.code_shape) == 1:
            size = int(np.prod(features.shape[1:]))
            features = ops.reshape(features, (-1, size))
        return features

    def encoded(self, x: Any, training: bool = False, sample: bool = False) -> Tensor:
        """Codes of one batch, within a graph or outside, unchecked: see `encode`."""
        return self.code_from(self.features(x, training), sample=sample)

    def decoder_output(
        self, z: Tensor, condition: Tensor | None = None, training: bool = False
    ) -> Any:
        """What the decoder gives for codes: the parameters of the likelihood.

        Args:
            z: Codes of shape (batch, *code_shape), or K for each example, of shape
                (batch, K, *code_shape), which are decoded as batch·K rows.
            condition: The vectors of the condition, of shape (batch, length).
            training: Whether layers behave as in training. Defaults to `False`.

        Returns:
            Parameters of as many rows.
        """
        draws = specs.draws_in(z, self.code_shape)
        if draws is not None:
            z = ops.reshape(z, (-1, *self.code_shape))
            if condition is not None:
                condition = specs.repeated(condition, draws)
        return self.decoder(self.decoder_input(z, condition), training=training)

    def decoded(
        self, z: Tensor, condition: Tensor | None = None, training: bool = False
    ) -> Observation:
        """Means of one batch of codes, within a graph or outside: see `decode`."""
        return self.likelihood.mean(self.decoder_output(z, condition, training))

    def call(self, x: Any, training: bool = False) -> Observation:
        """Reconstruct observations; what `predict` returns."""
        self.check_shapes(x)
        z = self.encoded(x, training)
        return self.decoded(z, self.condition_in(x), training)

    def log_prob(self, x: Any, z: Tensor, training: bool = False) -> Tensor:
        """Log p(x|z) in nats, of shape (batch,), or (batch, K) for K codes a row.

        Args:
            x: What is encoded, of shape (batch, ...).
            z: Codes of shape (batch, *code_shape) or (batch, K, *code_shape).
            training: Whether layers behave as in training. Defaults to `False`.
        """
        output = self.decoder_output(z, self.condition_in(x), training)
        return self.log_prob_of(x, output, specs.draws_in(z, self.code_shape))

    def log_prob_of(self, x: Any, output: Any, draws: int | None = None) -> Tensor:
        """Log p(x|z) in nats, of what the decoder has given for z.

        Args:
            x: What is encoded, of shape (batch, ...).
            output: As of `decoder_output`, of batch·K rows for K codes a row.
            draws: Number K. Defaults to `None`: one code a row.

        Returns:
            Of shape (batch,), or (batch, K).
        """
        target = self.target(x)
        if self._seen.reconstruction is None:
            first = [] if draws is None else [draws]
            self._seen.reconstruction = keras.tree.map_structure(
                lambda mean: mean[:: first[0]] if first else mean,
                self.likelihood.mean(output),
            )
        if draws is None:
            return self.likelihood.log_prob(target, output)
        log_prob = self.likelihood.log_prob(specs.repeated(target, draws), output)
        return ops.reshape(log_prob, (-1, draws))

    def reconstruction(self, x: Any, z: Tensor, training: bool) -> Tensor:
        """−log p(x|z) in nats, of shape (batch,), or (batch, K) for K codes a row."""
        return -self.log_prob(x, z, training)

    # Layers and files.

    def _add_code_layer(
        self, name: str, channels: int, features: tuple[int, ...]
    ) -> None:
        layer: keras.layers.Layer
        options: dict[str, Any] = {"dtype": "float32", "name": name}
        if name in self.initial_biases:
            start = keras.initializers.Constant(self.initial_biases[name])
            options["bias_initializer"] = start
        if len(features) == 1:
            layer = keras.layers.Dense(channels, **options)
        else:
            layer = keras.layers.Conv2D(channels, 1, **options)
        layer.build((None, *features))
        setattr(self, name, layer)

    def own_layers(self) -> dict[str, keras.layers.Layer]:
        """The layers from features to what the code is made of."""
        if type(self).encoder_output is not CodingModel.encoder_output:
            return {}
        return {name: getattr(self, name) for name in self.code_channels()}

    def network_layers(self) -> list[keras.layers.Layer]:
        """The networks and distributions, for the player that owns them."""
        layers = [self.encoder, *self.own_layers().values(), self.decoder]
        layers += [self.likelihood, self.posterior, self.prior]
        return [layer for layer in layers if layer is not None]
