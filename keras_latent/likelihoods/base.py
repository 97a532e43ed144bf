"""What every likelihood p(x|z) does, and what those of one tensor share."""

import abc
import re
from typing import Any, ClassVar

import numpy as np
from keras import ops

from keras_latent.distributions.base import Distribution
from keras_latent.distributions.checks import check_same_shape, draw_seed
from keras_latent.kinds import as_array
from keras_latent.tensors import float32_of, known_shape
from keras_latent.typing import Observation, Tensor

RANGE_TOLERANCE = 1e-6
"""How far outside its range a value may be: resizing overshoots by a rounding."""


class Likelihood(Distribution):
    """The distribution p(x|z) of an observation, given what the decoder says of it.

    The decoder's output holds the distribution's parameters: one tensor of the shape
    of `x`, or a dict of them. A likelihood is a Keras layer so that what it learns is
    tracked and saved with its model; it is never called. To write one for a tensor,
    subclass `TensorLikelihood`.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer. Numbers are
            computed in float32 whatever the dtype.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    @property
    @abc.abstractmethod
    def expected_range(self) -> Any:
        """The lowest and the highest value of `x`; a dict of pairs for a dict."""

    @property
    @abc.abstractmethod
    def image_activation(self) -> Any:
        """Activation that ends a decoder of images in [0, 1]; a dict for a dict."""

    @abc.abstractmethod
    def log_prob(self, x: Observation, parameters: Observation) -> Tensor:
        """Log-probability of an observation, summed over its dimensions.

        Args:
            x: The observation, (batch, ...).
            parameters: The decoder's output, of the same shape.

        Returns:
            Nats an example, (batch,) float32.

        Raises:
            ValueError: If `x` and `parameters` differ in shape or in columns.
        """

    @abc.abstractmethod
    def mean(self, parameters: Observation) -> Observation:
        """Mean of the observation.

        Args:
            parameters: The decoder's output, (batch, ...). A symbolic Keras tensor
                works too, and gives a functional model that loads without this
                library.

        Returns:
            The mean, of the shape and range of `x`, float32.
        """

    @abc.abstractmethod
    def sample(self, parameters: Observation, seed: Any = None) -> Observation:
        """A draw of the observation.

        Args:
            parameters: The decoder's output, (batch, ...).
            seed: An integer, or a `keras.random.SeedGenerator`. Defaults to `None`:
                the global generator of Keras.

        Returns:
            A draw, of the shape and range of `x`, float32.
        """

    @abc.abstractmethod
    def check_observation(self, x: Observation) -> None:
        """Refuse values that are not finite, or outside the expected range.

        Args:
            x: The observation, (batch, ...), as arrays or eager tensors.

        Raises:
            ValueError: If a value is NaN, infinite or outside `expected_range`.
        """

    @abc.abstractmethod
    def check_normalised(self, x: Observation) -> None:
        """Refuse values of which `log_prob` is no normalised log-density.

        Such values train well; their log-likelihoods can't be compared with others.

        Args:
            x: The observation, (batch, ...), as arrays or eager tensors.

        Raises:
            ValueError: If `log_prob(x)` is not a log-density of `x`.
        """

    def check_event(self, event: Any) -> None:
        """Refuse observations of a shape that it has no value for.

        Args:
            event: The shape of an observation, rows aside, or a dict of them.

        Raises:
            ValueError: If `log_prob` can't take such observations.
        """


class TensorLikelihood(Likelihood):
    """A likelihood of one tensor; a subclass writes the formulas, in float32.

    A subclass gives `_log_prob(x, parameters)` for each independent part of the
    event, (batch, ...), and `_mean(parameters)` and `_sample(parameters, seed)`.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Attributes:
        rows_are: What shape it takes, for messages.
        least_rank: How many axes that has at least.
    """

    rows_are: ClassVar[str] = "(batch, ...)"
    least_rank: ClassVar[int] = 1

    def parameters_shape(self, event: Any) -> Any:
        """The event's own: a decoder gives one number for each of the observation."""
        return event

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """Log-probability of `x`, nats an example, (batch,) float32."""
        x, parameters = self._given("x", x), self._given("parameters", parameters)
        check_same_shape(x=x, parameters=parameters)
        log_probs = self._log_prob(x, parameters)
        return ops.sum(log_probs, axis=tuple(range(1, len(log_probs.shape))))

    def mean(self, parameters: Tensor) -> Tensor:
        """Mean of the observation, (batch, ...) float32."""
        return self._mean(self._given("parameters", parameters))

    def sample(self, parameters: Tensor, seed: Any = None) -> Tensor:
        """A draw of the observation, (batch, ...) float32."""
        parameters = self._given("parameters", parameters)
        return self._sample(parameters, draw_seed(seed))

    def check_observation(self, x: Tensor) -> None:
        """Refuse values that are not finite, or outside `expected_range`."""
        values = float32_array(x)
        if values.size == 0:
            return
        lowest, highest = float(values.min()), float(values.max())
        if not (np.isfinite(lowest) and np.isfinite(highest)):
            nan = np.count_nonzero(np.isnan(values))
            infinite = np.count_nonzero(np.isinf(values))
            raise ValueError(
                f"`x` must be finite. Received: NaN={nan}, infinite={infinite} "
                f"of {values.size} values"
            )
        low, high = self.expected_range
        if lowest < low - RANGE_TOLERANCE or highest > high + RANGE_TOLERANCE:
            raise ValueError(
                f"`x` must lie in [{low:g}, {high:g}] for the {identifier_of(self)} "
                f"likelihood. Received: minimum={lowest:.9g}, maximum={highest:.9g}"
            )

    def _given(self, argument: str, value: Any) -> Tensor:
        """An argument as a float32 tensor of rows, each of at least one number."""
        tensor = float32_of(argument, value, self.rows_are, self.least_rank)
        shape = known_shape(tensor)
        if shape is not None and 0 in shape[1:]:
            raise ValueError(
                f"`{argument}` must hold at least one number a row. "
                f"Received: {argument} of shape {shape}"
            )
        return tensor

    @abc.abstractmethod
    def _log_prob(self, x: Tensor, parameters: Tensor) -> Tensor: ...

    @abc.abstractmethod
    def _mean(self, parameters: Tensor) -> Tensor: ...

    @abc.abstractmethod
    def _sample(self, parameters: Tensor, seed: Any) -> Tensor: ...


def float32_array(x: Tensor) -> np.ndarray:
    """The values of an observation; what float32 can't hold becomes infinite.

    Raises:
        ValueError: If they are not real numbers.
    """
    with np.errstate(over="ignore"):
        return real_array(x).astype("float32", copy=False)


def real_array(x: Tensor) -> np.ndarray:
    """The values of an observation.

    Raises:
        ValueError: If they are not real numbers, or not known yet.
    """
    values = as_array("x", x)
    if values.dtype.kind in "cmMOSU":
        raise ValueError(
            f"`x` must hold real numbers. Received: x of dtype {values.dtype}"
        )
    return values


def identifier_of(likelihood: Likelihood) -> str:
    """The name by which `get` knows the likelihood's class."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(likelihood).__name__).lower()
