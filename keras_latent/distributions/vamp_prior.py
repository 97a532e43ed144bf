"""The prior that is made of the posteriors of learned inputs."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_latent.distributions.base import (
    CodeDistribution,
    code_shape_of,
)
from keras_latent.distributions.checks import (
    check_built,
    check_event,
    draw_shape,
    seeds_of,
)
from keras_latent.graph import known_values
from keras_latent.tensors import as_tensor, float32_of
from keras_latent.typing import Tensor
from keras_latent.validation import checked_positive_integer

_TOLERANCE = 1e-6
"""How far outside the range given inputs may be: resizing overshoots by a rounding."""

_SPREAD = 0.05
"""Standard deviation of the first pseudo-inputs, in parts of their range."""


@keras.saving.register_keras_serializable(package="keras_latent")
class Clipped(keras.constraints.Constraint):
    """Keeps a weight in a range after each step, where its gradient stays alive.

    Args:
        low: The least value.
        high: The greatest value.
    """

    def __init__(self, low: float, high: float) -> None:
        self.low = low
        self.high = high

    def __call__(self, w: Tensor) -> Tensor:
        """The weight, clipped."""
        return ops.clip(w, self.low, self.high)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"low": self.low, "high": self.high}


@keras.saving.register_keras_serializable(package="keras_latent")
class VampPrior(CodeDistribution):
    """A prior that is learned: the mean of the posteriors of K pseudo-inputs u.

        p(z) = 1/K Σₖ q(z|uₖ)

    The gradient reaches the encoder through p as well as through q. The pseudo-inputs
    are kept in the range of the observation; the encoder sees them as at inference.

    Args:
        num_inputs: Number K of pseudo-inputs. Defaults to 500.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Attributes:
        pseudo_inputs: Variable of shape (K, ...), in the middle of the observation's
            range at first; `set_inputs` sets them to images.

    Raises:
        ValueError: If `num_inputs` isn't a positive integer.

    Source: Tomczak and Welling 2018, equation 9.

    >>> VampPrior(num_inputs=50).num_inputs
    50
    """

    def __init__(self, num_inputs: int = 500, **kwargs: Any) -> None:
        num_inputs = checked_positive_integer("num_inputs", num_inputs)
        super().__init__(**kwargs)
        # A base class marks distributions without weights as built.
        self.built = False
        self.num_inputs = num_inputs

    def build_for(self, model: Any) -> None:
        """Make the pseudo-inputs of a model's observations.

        Raises:
            ValueError: If the observation is a dict, or comes with a condition, or the
                prior is another model's already: its density is of that one's encoder.
        """
        if self.built:
            raise ValueError(
                "`prior` 'vamp_prior' belongs to one model, whose encoder it uses: "
                "make another for each. "
                f"Received: prior={self.name!r}, which another model has"
            )
        self._code_shape = code_shape_of(model)
        spec = model.encoder_spec()
        if isinstance(spec, dict):
            raise ValueError(
                "`prior` 'vamp_prior' needs a model of one tensor, whose pseudo-inputs "
                f"it learns. Received: observations that are a dict of {sorted(spec)}"
            )
        if model.posterior is None:
            raise ValueError(
                "`prior` 'vamp_prior' needs a model with a posterior, of which it is a "
                f"mixture. Received: a {type(model).__name__}, whose codes have none"
            )
        self.space = model.posterior.space
        low, high = model.likelihood.expected_range
        is_bounded = math.isfinite(low) and math.isfinite(high)
        middle, size = ((low + high) / 2, high - low) if is_bounded else (0.0, 1.0)
        # A function, because Keras would look for layers in the model that this is in.
        self._parameters_of = model.posterior_parameters
        self._posterior_of = lambda: model.posterior
        self._range = low, high
        self.pseudo_inputs = self.add_weight(
            name="pseudo_inputs",
            shape=(self.num_inputs, *spec.shape[1:]),
            initializer=keras.initializers.RandomNormal(middle, _SPREAD * size),
            constraint=Clipped(low, high) if is_bounded else None,
            dtype="float32",
            autocast=False,
        )
        self.built = True

    def set_inputs(self, images: Any) -> None:
        """Set the pseudo-inputs to observations, such as the first of the training.

        Args:
            images: Array of shape (K, ...), in the range of the observations.

        Raises:
            ValueError: If the shape is another, or a value is outside the range.
        """
        check_built(self)
        shape = tuple(self.pseudo_inputs.shape)
        given = known_values(as_tensor("images", images, str(shape)))
        if given is None or given.shape != shape:
            raise ValueError(
                f"`images` must have the shape {shape}, and values. "
                f"Received: images of shape {tuple(np.shape(images))}"
            )
        values = given.astype("float32")
        low, high = self._range
        least, greatest = float(values.min()), float(values.max())
        is_finite = math.isfinite(least) and math.isfinite(greatest)
        if not is_finite or least < low - _TOLERANCE or greatest > high + _TOLERANCE:
            raise ValueError(
                f"`images` must be finite and lie in [{low:g}, {high:g}]. "
                f"Received: minimum={least:g}, maximum={greatest:g}"
            )
        self.pseudo_inputs.assign(np.clip(values, low, high))

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Log 1/K Σₖ q(z|uₖ)."""
        check_built(self)
        self.takes_none(parameters)
        value = float32_of("value", value)
        check_event(value, self._code_shape)
        q = self._posteriors()
        log_probs = self._posterior_of().crossed_log_prob(value, q)
        return ops.logsumexp(log_probs, axis=1) - math.log(self.num_inputs)

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """A pseudo-input for each row, all equally likely, and a draw from q(z|u)."""
        check_built(self)
        self.takes_none(parameters)
        shape = draw_shape(shape, self._code_shape)
        which, where = seeds_of(seed, 2)
        chosen = keras.random.randint(
            (shape[0],), 0, self.num_inputs, dtype="int32", seed=which
        )
        q = self._posteriors()
        own = type(q)(*(ops.take(part, chosen, axis=0) for part in q))
        return self._posterior_of().sample(own, seed=where)

    def mean(self, parameters: Any = None) -> Tensor:
        """The mean of the posteriors' means, of shape code_shape."""
        check_built(self)
        self.takes_none(parameters)
        q = self._posteriors()
        return ops.mean(self._posterior_of().mean(q), axis=0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "num_inputs": self.num_inputs}

    def _posteriors(self) -> Any:
        check_built(self)
        inputs = ops.convert_to_tensor(self.pseudo_inputs)
        return self._parameters_of(inputs, training=False)
