"""Models whose prior is what a network makes of noise."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent import networks
from keras_latent.distributions import Normal
from keras_latent.distributions.base import CodeDistribution, sum_over_event
from keras_latent.models.deterministic_model import DeterministicModel
from keras_latent.typing import Tensor
from keras_latent.validation import checked_optional_seed


class MappedPrior(CodeDistribution):
    """The distribution of w = F(z), z ~ p₀: it can be drawn from, and has no density.

    Args:
        base: p₀, a distribution that stands alone.
        mapping: Any Keras model F from (batch, *code_shape) to the same shape.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Karras, Laine and Aila 2019, "A style-based generator architecture for
    generative adversarial networks", section 2.
    """

    has_density = False

    def __init__(
        self, base: CodeDistribution, mapping: keras.Model, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.base = base
        self.mapping = mapping

    def build_for(self, model: Any) -> None:
        """Make the weights of the base; the mapping has its own."""
        self.code_shape = tuple(model.code_shape)
        self.base.build_for(model)
        self.built = True

    def log_prob(self, value: Any, parameters: Any = None) -> Tensor:
        """There is none.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "`log_prob` needs a prior with a density: this one is what a network makes "
            f"of noise, and can only be drawn from. Received: prior={self.name!r}"
        )

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """F of draws from the base."""
        noise = self.base.sample(shape=shape, seed=seed)
        return ops.cast(self.mapping(noise, training=False), "float32")

    def mean(self, parameters: Any = None) -> Tensor:
        """F at the base's mean."""
        noise = ops.broadcast_to(self.base.mean(), (1, *self.code_shape))
        return ops.cast(self.mapping(noise, training=False)[0], "float32")


class MappedCodes(DeterministicModel):
    """Base of the models whose codes w = F(z), z ~ N(0, I), are of a learned prior.

    Attributes:
        mapping: The network F.
        noise_seed: The generator of z in training.
    """

    has_prior = True

    def add_mapping(self, mapping: keras.Model | None, seed: int | None) -> None:
        """Check and keep F, or make one.

        Args:
            mapping: A Keras model from noise to a code, both of the code's shape, or
                `None` for `networks.dense_mapping`.
            seed: Seed of the noise in training.

        Raises:
            ValueError: If it doesn't fit, or the observation is a dict.
        """
        self.check_single_observation()
        if mapping is None:
            mapping = networks.dense_mapping(self.code_shape)
        networks.check_mapping("mapping", mapping, self.code_shape)
        self.mapping = mapping
        self.prior = MappedPrior(Normal(), mapping)
        self.prior.build_for(self)
        self.seed = checked_optional_seed(seed)
        self.noise_seed = keras.random.SeedGenerator(self.seed)

    def codes_like(self, z: Tensor) -> Tensor:
        """Draw as many w as there are codes z, with gradients to F."""
        noise = self.prior.base.sample_like(z, self.noise_seed)
        return ops.cast(self.mapping(noise), "float32")

    def decoding_layers(self) -> list[keras.layers.Layer]:
        """F and the decoder, for the player that owns them."""
        return [self.decoder, self.likelihood, self.mapping]

    def recoding_error(self, z: Tensor, training: bool) -> Tensor:
        """Mean of (E(G(w)) − w)² over the elements of drawn codes w, (batch,).

        Args:
            z: Codes, of which there are as many.
            training: Whether layers behave as in training.
        """
        # F is not to learn which codes are easy.
        codes = ops.stop_gradient(self.codes_like(z))
        again = self.encoded(self.decoded(codes, None, training), training)
        return sum_over_event(ops.square(again - codes)) / self.latent_dim
