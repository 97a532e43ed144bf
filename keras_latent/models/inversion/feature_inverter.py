"""The decoder that inverts the features of a frozen network."""

import math
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_latent import networks
from keras_latent.models import specs
from keras_latent.models.default_networks import Builders, chosen_of
from keras_latent.models.inversion.feature_sources import feature_source
from keras_latent.models.latent_model import LatentModel
from keras_latent.networks.checks import check_model
from keras_latent.training.players import Player
from keras_latent.typing import Batch, Observation, Tensor


@keras.saving.register_keras_serializable(package="keras_latent")
class FeatureInverter(LatentModel):
    """Decoder that makes the image of the features of a frozen network.

    Objective, in nats an example, with f frozen and n a few numbers for what f threw
    away, such as the position of what is seen:

        loss = reconstruction = −log p(x | D(f(x), n(x)))

    The code is [f(x), n(x)], n(x) last; without n it is f(x) itself, which may be a
    map: with a sampler fitted to it, that is a representation autoencoder (Zheng et al.
    2025). No variable of f moves, nor the statistics of its batch normalisation: it
    runs as at inference, and only D and n are trained.

    What `fit`, `encode` and the others take depends on f. An f of images takes them.
    An f of regions takes a dict of `image`, a scene, and `boxes`, one of shape (4,)
    for each scene; what is decoded is the content of the box. Without an f, `fit` takes
    pairs of features and their image, as `fit(features, images)` or a dataset of them,
    and the others a dict of `features` and `image`.

    Args:
        feature_extractor: Any Keras model from an image to one vector or map, which is
            flattened for a decoder of vectors; or from a dict of `image` and `boxes`,
            such as `networks.region_feature_extractor` makes; or `None` for features
            computed elsewhere.
        decoder: Any Keras model from [f, n], of shapes (batch, features) and
            (batch, extra), to the mean of the image; from f alone, a vector or a map,
            without an `extra_encoder`. `networks.inversion_decoder` makes some of
            vectors, `networks.map_decoder` of maps.
        extra_encoder: Any Keras model from the image to n, of shape (batch, extra),
            such as `networks.extra_encoder` makes. Defaults to `None`: features alone.
        likelihood: p(x|f, n), a name or an object of `keras_latent.likelihoods`.
            Defaults to `"gaussian"`.
        **kwargs: `name` and `dtype` of the model.

    Raises:
        ValueError: If the networks don't fit each other, or the extractor gives several
            outputs.

    When: To see what the features of a network have kept of an image, and what they
    threw away.

    Source: Potapov 2019, "Inverting discriminative representations with HyperNets";
    Zheng et al. 2025, "Diffusion transformers with representation autoencoders", for
    maps.

    >>> features = networks.convolutional_encoder((28, 28, 1), widths=(8, 8, 8))
    >>> model = FeatureInverter(
    ...     features,
    ...     networks.inversion_decoder((28, 28, 1), feature_size=128),
    ...     networks.extra_encoder((28, 28, 1), size=5),
    ... )
    >>> model.encode(ops.zeros((2, 28, 28, 1))).shape
    TensorShape([2, 133])
    """

    term_meanings: ClassVar[dict[str, str]] = {
        "reconstruction": "minus log p(x|z), in nats",
    }

    # At 1e-3, decoders of large features may end at black images for good.
    default_optimizer = ("adam", 5e-4)
    bounds_images = True
    inverts_features = True

    def __init__(
        self,
        feature_extractor: keras.Model | None,
        decoder: keras.Model,
        extra_encoder: keras.Model | None = None,
        likelihood: Any = "gaussian",
        **kwargs: Any,
    ) -> None:
        spec = specs.decoder_spec(decoder)
        image_spec = spec.observation
        feature_shape, *extra_sizes = _shapes_taken(spec)
        source = feature_source(feature_extractor, image_spec, feature_shape)
        _check_extra_encoder(extra_encoder, image_spec, extra_sizes)
        self._source = source
        super().__init__(None, decoder, likelihood, **kwargs)
        self.feature_extractor = feature_extractor
        self.extra_encoder = extra_encoder
        self.feature_shape = feature_shape
        self.feature_size = math.prod(feature_shape)
        self.uses_labels = feature_extractor is None
        self.add_term("reconstruction")

    def objective(self, batch: Batch, training: bool) -> dict[str, Tensor]:
        """−log p(x | D(f(x), n(x)))."""
        z = self.encoded(batch.x, training)
        return {"reconstruction": self.reconstruction(batch.x, z, training)}

    def players(self) -> dict[str, Player]:
        """One player, which moves everything but f."""
        moved = [self.decoder, self.likelihood]
        if self.extra_encoder is not None:
            moved.append(self.extra_encoder)
        return {"model": Player(moved, ("reconstruction",))}

    def spared_layers(self) -> list[keras.layers.Layer]:
        """f, frozen or not."""
        return [] if self.feature_extractor is None else [self.feature_extractor]

    def ablate(self, x: Any) -> Observation:
        """Reconstruct with f set to 0: what the decoder makes of n alone.

        Args:
            x: What `encode` takes.

        Returns:
            Images of shape (batch, height, width, channels).
        """
        z = np.array(self.encode(x))
        z.reshape(len(z), -1)[:, : self.feature_size] = 0.0
        return self.decode(z)

    # The code is what the networks give.

    def encoder_output(self, x: Any, training: bool) -> Tensor:
        """[f(x), n(x)], f detached."""
        f = ops.stop_gradient(self._source.features(x))
        f = ops.reshape(ops.cast(f, "float32"), (-1, *self.feature_shape))
        if self.extra_encoder is None:
            return f
        n = self.extra_encoder(self._source.image(x), training=training)
        return ops.concatenate([f, ops.cast(n, "float32")], axis=-1)

    def code_channels(self) -> dict[str, int]:
        """No layer: the networks give the code."""
        return {}

    def code_shape_of(self, inputs: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
        """The features' own, or one vector of what the decoder takes in pieces."""
        if len(inputs) == 1:
            return inputs[0]
        return (sum(size for (size,) in inputs),)

    def decoder_input(self, z: Tensor, condition: Tensor | None) -> Any:
        """[f, n], in which the code is cut; f alone without extra numbers."""
        if self.latent_dim == self.feature_size:
            return z
        return ops.split(z, [self.feature_size], axis=-1)

    def code_from(self, features: Tensor, sample: bool = False) -> Tensor:
        """The features themselves."""
        return features

    # What the source is given.

    def encoder_spec(self) -> Any:
        """An image, a dict of `image` and `boxes`, or one of `features` and `image`."""
        return self._source.spec()

    def target(self, x: Any) -> Observation:
        """The image that the features are of."""
        return self._source.image(x)

    def check_observation(self, x: Any) -> None:
        """Refuse what `LatentModel` refuses, and features or boxes that are none."""
        super().check_observation(x)
        self._source.check(x)

    def observation(self, x: Any, y: Any) -> Any:
        """What is encoded, in what `fit` was given: the pair, where f is given."""
        if self.feature_extractor is None and not isinstance(x, dict):
            return {"features": x, "image": y}
        return x

    @classmethod
    def default_builders(cls, code_is_map: bool) -> Builders:
        """A decoder whose weights are controlled, and an extra encoder."""
        return {
            "decoder": networks.inversion_decoder,
            "extra_encoder": networks.extra_encoder,
        }

    @classmethod
    def default_networks(
        cls,
        image_shape: tuple[int, int, int],
        code_size: int | tuple[int, ...],
        output_activation: str | None,
        **kwargs: Any,
    ) -> dict[str, keras.Model]:
        """A `"hyper"` decoder, and an extra encoder of what the features leave over.

        Args:
            image_shape: (height, width, channels).
            code_size: Number of the features and of the extra numbers together; the
                shape of features that are a map, to which nothing is added.
            output_activation: The decoder's last activation.
            **kwargs: Holds `feature_extractor`, a model of images.

        Raises:
            ValueError: If no number is left over.
        """
        extractor = kwargs.get("feature_extractor")
        check_model("feature_extractor", extractor)
        if not isinstance(code_size, int):
            decoder = networks.map_decoder(image_shape, code_size, output_activation)
            return {"decoder": decoder}
        spec = keras.KerasTensor((None, *image_shape), "float32")
        size = specs.feature_size("feature_extractor", extractor, spec)
        if code_size <= size:
            raise ValueError(
                f"`latent_dim` must be more than the {size} features: the code holds "
                f"them and the extra numbers. Received: latent_dim={code_size}"
            )
        extra_size = code_size - size
        return {
            "decoder": networks.inversion_decoder(
                image_shape,
                size,
                extra_size,
                output_activation=output_activation,
                **chosen_of(kwargs, "decoder"),
            ),
            "extra_encoder": networks.extra_encoder(
                image_shape, extra_size, **chosen_of(kwargs, "extra_encoder")
            ),
        }


def _shapes_taken(spec: specs.DecoderSpec) -> list[Any]:
    """The shape of the features that the decoder takes, and the number of the others.

    Raises:
        ValueError: If it takes anything but one vector or map, or two vectors.
    """
    first, *others = spec.inputs
    is_pair = len(others) == 1 and len(first) == len(others[0]) == 1
    if others and not is_pair:
        raise ValueError(
            "`decoder` must take one vector or map, the features, or a list of "
            "vectors, [features, extra]. Received: a decoder of inputs of shapes "
            f"{list(spec.inputs)}"
        )
    return [first, *(size for (size,) in others)]


def _check_extra_encoder(
    extra_encoder: Any, image_spec: keras.KerasTensor, extra_sizes: list[int]
) -> None:
    """Refuse an extra encoder that doesn't give what the decoder takes beside f."""
    if extra_encoder is None:
        if extra_sizes:
            raise ValueError(
                "`extra_encoder` must be given for a decoder of features and "
                f"{extra_sizes[0]} extra numbers. Received: extra_encoder=None"
            )
        return
    check_model("extra_encoder", extra_encoder)
    specs.check_encoder(extra_encoder, image_spec, "extra_encoder")
    size = specs.feature_size("extra_encoder", extra_encoder, image_spec)
    if [size] != extra_sizes:
        raise ValueError(
            "`decoder` must take [features, extra], with the numbers that "
            f"`extra_encoder` gives, {size}. "
            f"Received: a decoder of features and {extra_sizes} beside them"
        )
