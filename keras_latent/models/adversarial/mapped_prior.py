"""A prior that is what a network makes of noise."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent.distributions.base import CodeDistribution
from keras_latent.typing import Tensor


class MappedPrior(CodeDistribution):
    """The distribution of w = F(z), z ~ p₀: it can be drawn from, and has no density.

    Args:
        base: p₀, a distribution that stands alone.
        mapping: Any Keras model F from (batch, *code_shape) to the same shape.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Source: Karras et al. 2019, "A style-based generator architecture for generative
    adversarial networks", section 2.
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
