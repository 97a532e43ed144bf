"""What posteriors q(z|x), priors p(z) and likelihoods p(x|z) have in common."""

import abc
import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent.distributions.checks import checked_event, named_parameters
from keras_latent.distributions.crossed import crossed_log_prob
from keras_latent.renamed_errors import arguments_called
from keras_latent.tensors import float32_of
from keras_latent.training.replicas import rowwise_noise
from keras_latent.typing import Tensor


class Distribution(keras.layers.Layer, abc.ABC):
    """A distribution of what a network says, of its own weights, or of nothing.

    It is a Keras layer so that what it learns is tracked and saved with its model; it
    is never called. `parameters` are what a network gives for each row, or what
    `from_network` made of it; a prior takes none.

    Args:
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer. Numbers are
            computed in float32 whatever the dtype.
    """

    @abc.abstractmethod
    def parameters_shape(self, event: Any) -> Any:
        """Shape of what a network must give for an event of this shape, rows aside.

        Args:
            event: The shape of one value; a dict of them for a dict.

        Returns:
            The shape of its parameters; `()` of a distribution that takes none.
        """

    @abc.abstractmethod
    def log_prob(self, value: Any, parameters: Any) -> Tensor:
        """Log-density of values, summed over the event.

        Args:
            value: Values of shape (batch, *event).
            parameters: What a network gives, of shape (batch,
                *parameters_shape(event)).

        Returns:
            Nats an example, of shape (batch,), float32.
        """

    @abc.abstractmethod
    def sample(self, parameters: Any, seed: Any = None) -> Any:
        """Draw values.

        Args:
            parameters: What a network gives, of shape (batch, ...).
            seed: An integer, or a `keras.random.SeedGenerator`. Defaults to `None`:
                the global generator of Keras, which `keras.utils.set_random_seed` sets.

        Returns:
            Values of shape (batch, *event), float32.
        """

    @abc.abstractmethod
    def mean(self, parameters: Any) -> Any:
        """The value that stands for the distribution: its mean, where that is one."""


class CodeDistribution(Distribution):
    """Base of posteriors and priors: distributions of codes.

    Args:
        **kwargs: As for `Distribution`.

    Attributes:
        space: Where values lie: `"real"`; `"sphere"` for vectors of length 1 along the
            last axis; or a ball of a curvature. A posterior and a prior must have the
            same.
        stands_alone: Whether it is a distribution without parameters, too, and can be a
            prior, although it takes some as a posterior.
        has_density: Whether `log_prob` is a log-density. A distribution that can only
            be drawn from sets this to False; it then needs a `closed_kl`.
        radius: What lengths of vectors along the last axis stay below.
        parameters_type: The named tuple that its parameters make, of which plain tuples
            are made; `None` takes tuples as they are.
    """

    space: str = "real"
    stands_alone: bool = False
    has_density: bool = True
    radius: float = math.inf
    parameters_type: Any = None

    @abc.abstractmethod
    def log_prob(self, value: Any, parameters: Any = None) -> Tensor:
        """As of `Distribution`; a prior takes no parameters."""

    @abc.abstractmethod
    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Any:
        """As of `Distribution`.

        Args:
            parameters: What a network gives, of shape (batch, ...); `None` of a prior.
            seed: An integer, a `keras.random.SeedGenerator` or `None`.
            shape: (batch, *event), where there are no parameters to tell it.
        """

    def sample_like(self, z: Tensor, seed: Any) -> Tensor:
        """Draw as many codes as others of shape (batch, *code_shape), of no parameters.

        Replicas draw what one draws for their rows.
        """
        z = float32_of("z", z)
        return rowwise_noise(lambda shape: self.sample(shape=shape, seed=seed), z)

    @abc.abstractmethod
    def mean(self, parameters: Any = None) -> Any:
        """As of `Distribution`; a prior takes no parameters."""

    def parameter_channels(self, channels: int) -> dict[str, int]:
        """The parameters by name, and how many numbers each has for each position.

        Args:
            channels: The size of the code's last axis.

        Returns:
            A layer `code_<name>` makes each. Empty for a distribution that takes none.
        """
        return {}

    def parameters_shape(self, event: Sequence[int]) -> tuple[int, ...]:
        """All parameters side by side along the last axis; `()` of none."""
        event = checked_event("event", event)
        channels = self.parameter_channels(event[-1])
        return (*event[:-1], sum(channels.values())) if channels else ()

    def from_network(self, outputs: Sequence[Tensor]) -> Any:
        """The parameters, in their range, in what the layers `code_<name>` give.

        Args:
            outputs: One tensor for each of `parameter_channels`, of any real numbers.
        """
        raise NotImplementedError

    def parameters_in(self, parameters: Any) -> Any:
        """Parameters by name, whether they are that already or stand side by side.

        Raises:
            ValueError: If they are neither, of shapes that don't fit each other, or
                known and out of their range.
        """
        kind = self.parameters_type
        if isinstance(parameters, tuple):
            if kind is None or type(parameters) not in (tuple, kind):
                return parameters
            named = named_parameters(kind, parameters, self.parameter_channels)
            self.check_parameters(named)
            return named
        parameters = float32_of(
            "parameters", parameters, "(batch, ..., channels)", least_rank=2
        )
        # Of (mean, log_var) of equal size the halves; of others, what each needs.
        size = parameters.shape[-1]
        by_channels = map(self.parameter_channels, range(size or 0, 0, -1))
        fitting = (c for c in by_channels if sum(c.values()) == size)
        sizes = list(next(fitting, {}).values())
        if not sizes:
            raise ValueError(
                f"`parameters` must hold {', '.join(self.parameter_channels(2))} side "
                "by side along the last axis. "
                f"Received: parameters.shape={tuple(parameters.shape)}"
            )
        ends = [sum(sizes[: index + 1]) for index in range(len(sizes) - 1)]
        return self.from_network(ops.split(parameters, ends, axis=-1))

    def check_parameters(self, parameters: Any) -> None:
        """Refuse parameters out of their range, where values are known already.

        Args:
            parameters: Those of the distribution, by name.

        Raises:
            ValueError: If one is out of its range.
        """

    def takes_none(self, parameters: Any) -> None:
        """Refuse parameters, where the distribution has none but its own weights.

        Raises:
            ValueError: If there are some.
        """
        if parameters is not None:
            raise ValueError(
                f"`parameters` must be None for {self.name!r}, which takes none. "
                f"Received: parameters of type {type(parameters).__name__}"
            )

    def build_for(self, model: Any) -> None:
        """Make the weights that a prior of this model's codes has.

        Args:
            model: A latent model that knows its `code_shape`.
        """
        code_shape = code_shape_of(model)
        if not self.built:
            self.build(code_shape)

    def check_codes(self, z: Any) -> None:
        """Refuse codes outside of the space, where not all real numbers are in it.

        Args:
            z: Codes of shape (batch, *code_shape), as an array or an eager tensor.

        Raises:
            ValueError: If one lies outside.
        """

    def build_as_posterior(self, code_shape: Sequence[int]) -> None:
        """Make the weights that a posterior has beside what a network gives.

        Args:
            code_shape: The shape of the codes.
        """

    def sample_with_log_prob(
        self, parameters: Any, seed: Any = None
    ) -> tuple[Tensor, Tensor | None]:
        """Draw, with the draw's log-density where that is known on the way.

        Args:
            parameters: What a network gives, of shape (batch, ...).
            seed: An integer, a `keras.random.SeedGenerator` or `None`.

        Returns:
            Values of shape (batch, *event), and their log-densities of shape (batch,),
            or `None` where `log_prob` is to be asked.
        """
        return self.sample(parameters, seed=seed), None

    def crossed_log_prob(self, value: Tensor, parameters: Any) -> Tensor:
        """Log-density of each value under each row of parameters.

        Args:
            value: Values of shape (batch, *event).
            parameters: Of shape (rows, ...).

        Returns:
            Nats of shape (batch, rows), float32.
        """
        value = float32_of("value", value)
        return crossed_log_prob(self, value, self.parameters_in(parameters))

    def closed_kl(self, parameters: Any, prior: "CodeDistribution") -> Tensor | None:
        """KL(q ‖ p) of each example, (batch,), or `None` where no formula is known."""
        check_distribution("prior", prior)
        by_element = self.kl_by_element(parameters, prior)
        return None if by_element is None else sum_over_event(by_element)

    def kl_by_element(
        self, parameters: Any, prior: "CodeDistribution"
    ) -> Tensor | None:
        """KL(q ‖ p) of each element of the code, if they are independent in both."""
        return None

    def kl(self, parameters: Any, prior: "CodeDistribution", z: Tensor) -> Tensor:
        """Divergence KL(q(z|x) ‖ p(z)) in nats an example, of shape (batch,).

        In closed form where one is known, otherwise log q(z|x) − log p(z) at a draw,
        which is right on average.

        Args:
            parameters: Those of q, which this distribution is.
            prior: The distribution p.
            z: A draw from q, of shape (batch, *code_shape).

        Raises:
            ValueError: If `prior` is no distribution, or shapes don't fit.
        """
        closed = self.closed_kl(parameters, prior)
        return self.log_ratio(parameters, prior, z) if closed is None else closed

    def log_ratio(self, parameters: Any, prior: "CodeDistribution", z: Tensor) -> Any:
        """Log q(z|x) − log p(z) of each example, of shape (batch,)."""
        check_distribution("prior", prior)
        with arguments_called(value="z"):
            return self.log_prob(z, parameters) - prior.log_prob(z)


def check_distribution(argument: str, distribution: Any) -> None:
    """Refuse what is no distribution of codes.

    Args:
        argument: The argument's name, for the message.
        distribution: What was given for it.

    Raises:
        ValueError: If it is something else.
    """
    if not isinstance(distribution, CodeDistribution):
        raise ValueError(
            f"`{argument}` must be a distribution of codes, an object of "
            f"`keras_latent.distributions`. Received: {argument}={distribution!r}"
        )


def code_shape_of(model: Any) -> tuple[int, ...]:
    """The shape of a model's codes.

    Raises:
        ValueError: If it has none, being no latent model.
    """
    shape = getattr(model, "code_shape", None)
    if not isinstance(shape, tuple):
        raise ValueError(
            "`model` must be a latent model, whose codes have a shape. "
            f"Received: model of type {type(model).__name__}"
        )
    return shape


def sum_over_event(values: Tensor) -> Tensor:
    """The sum over all axes but the first.

    >>> sum_over_event(ops.ones((2, 3, 4))).numpy().tolist()
    [12.0, 12.0]
    """
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))
