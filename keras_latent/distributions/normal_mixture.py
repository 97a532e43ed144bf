"""A mixture of normal distributions as a prior."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent.distributions.base import (
    CodeDistribution,
    code_shape_of,
)
from keras_latent.distributions.checks import (
    check_built,
    check_event,
    checked_event,
    draw_shape,
    seeds_of,
)
from keras_latent.distributions.crossed import crossed_normal_log_prob
from keras_latent.distributions.normal import LOG_VAR_LIMIT
from keras_latent.tensors import float32_of
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer


@keras.saving.register_keras_serializable(package="keras_latent")
class NormalMixture(CodeDistribution):
    """A prior that is learned: Σₖ πₖ N(μₖ, σₖ²), with independent elements.

    Args:
        components: Number K of normal distributions. Defaults to 10.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Attributes:
        means: Variable of shape (K, *code_shape), drawn from N(0, 1) at first.
        log_vars: Variable of the same shape, 0 at first.
        logits: Variable of shape (K,), 0 at first: the logarithms of πₖ, but for a
            constant.

    Raises:
        ValueError: If `components` isn't a positive integer.

    Source: Dilokthanakul et al. 2016; Tomczak and Welling 2018, section 3.1.

    >>> prior = NormalMixture(components=3)
    >>> prior.build((2,))
    >>> prior.sample(shape=(5, 2), seed=1).shape
    TensorShape([5, 2])
    """

    def __init__(self, components: int = 10, **kwargs: Any) -> None:
        components = checked_positive_integer("components", components)
        super().__init__(**kwargs)
        # A base class marks distributions without weights as built.
        self.built = False
        self.components = components

    def build_for(self, model: Any) -> None:
        """Make the weights, or see whether those of another model fit.

        Raises:
            ValueError: If they were made for codes of another shape.
        """
        super().build_for(model)
        if tuple(self.means.shape[1:]) != code_shape_of(model):
            raise ValueError(
                f"`prior` {self.name!r} was made for codes of shape "
                f"{tuple(self.means.shape[1:])}. Received: a model with "
                f"code_shape={tuple(model.code_shape)}"
            )

    def build(self, code_shape: Sequence[int]) -> None:
        """Make the weights for codes of this shape."""
        shape = (self.components, *checked_event("code_shape", code_shape))
        weights = {"dtype": "float32", "autocast": False}
        self.means = self.add_weight(
            name="means",
            shape=shape,
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            **weights,
        )
        self.log_vars = self.add_weight(
            name="log_vars", shape=shape, initializer="zeros", **weights
        )
        self.logits = self.add_weight(
            name="logits", shape=(self.components,), initializer="zeros", **weights
        )
        self.built = True

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Log Σₖ πₖ N(z; μₖ, σₖ²)."""
        check_built(self)
        self.takes_none(parameters)
        value = float32_of("value", value)
        check_event(value, self.means.shape[1:])
        by_component = crossed_normal_log_prob(value, self.means, self._log_vars())
        return ops.logsumexp(by_component + ops.log_softmax(self.logits), axis=1)

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """A draw of a component for each row, and one from it."""
        check_built(self)
        self.takes_none(parameters)
        shape = draw_shape(shape, self.means.shape[1:])
        which, where = seeds_of(seed, 2)
        logits = ops.expand_dims(ops.convert_to_tensor(self.logits), 0)
        chosen = keras.random.categorical(logits, shape[0], seed=which)[0]
        noise = keras.random.normal(shape, dtype="float32", seed=where)
        scales = ops.exp(0.5 * self._log_vars())
        return ops.take(ops.convert_to_tensor(self.means), chosen, axis=0) + (
            ops.take(scales, chosen, axis=0) * noise
        )

    def mean(self, parameters: Any = None) -> Tensor:
        """Σₖ πₖ μₖ, of shape code_shape."""
        check_built(self)
        self.takes_none(parameters)
        weights = ops.softmax(ops.convert_to_tensor(self.logits))
        return ops.tensordot(weights, ops.convert_to_tensor(self.means), axes=1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "components": self.components}

    def _log_vars(self) -> Tensor:
        return ops.clip(self.log_vars, -LOG_VAR_LIMIT, LOG_VAR_LIMIT)
