"""Distributions that invertible steps make of simpler ones."""

import functools
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_latent.distributions import flows as steps
from keras_latent.distributions.base import (
    CodeDistribution,
    code_shape_of,
    sum_over_event,
)
from keras_latent.distributions.checks import (
    check_built,
    check_event,
    check_same_shape,
    checked_event,
    draw_shape,
)
from keras_latent.distributions.normal import Normal
from keras_latent.distributions.normal_mixture import NormalMixture
from keras_latent.tensors import float32_of, known_shape, to_float32
from keras_latent.typing import Tensor
from keras_latent.validation import check_choice

_BASES: dict[str, type[CodeDistribution]] = {
    "normal": Normal,
    "normal_mixture": NormalMixture,
}


@functools.cache
def _parameters_type(names: tuple[str, ...]) -> Any:
    """A named tuple of these fields, the same each time."""
    return namedtuple("FlowParameters", names)


@keras.saving.register_keras_serializable(package="keras_latent")
class Flow(CodeDistribution):
    """What invertible steps fₜ make of draws of a simpler distribution.

        z = f_T∘…∘f₁(z₀),   z₀ ~ base
        log p(z) = log base(z₀) − Σₜ log |det ∂fₜ|

    As a posterior, a network gives the parameters of the base, and for each step what
    it takes of the observation: u, w and b of planar steps, the context of
    autoregressive ones. The density of its own draws needs no inverse. As a prior, all
    numbers are weights. One object is the one or the other.

    What stands for the distribution, as in `encode`, is f of the base's mean: the mean
    has no closed form.

    Args:
        base: The distribution of z₀, an object with codes of real numbers or its name:
            `"normal"`, or `"normal_mixture"` for priors. Defaults to `"normal"`.
        flows: The steps from f₁ on, objects of `keras_latent.distributions.flows` or
            their names in snake case. Defaults to `None`: four planar ones.
        **kwargs: `name`, `trainable` and `dtype` of a Keras layer.

    Raises:
        ValueError: If the base is no such distribution, or there is no step, or one of
            them twice.

    Source: Rezende and Mohamed 2015, equations 6 and 7.

    >>> prior = Flow("normal", ["planar", "radial"])
    >>> prior.build((2,))
    >>> z = prior.sample(shape=(5, 2), seed=1)
    >>> z.shape, prior.log_prob(z).shape
    (TensorShape([5, 2]), TensorShape([5]))
    """

    def __init__(
        self,
        base: CodeDistribution | str = "normal",
        flows: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        base = _base_of(base)
        flows = ["planar"] * 4 if flows is None else flows
        if isinstance(flows, str) or not isinstance(flows, Sequence) or not flows:
            raise ValueError(
                f"`flows` must be a list of at least one step. Received: {flows=}"
            )
        made = [steps.get("flows", step) for step in flows]
        if len({id(step) for step in made}) < len(made):
            raise ValueError(
                "`flows` must hold each step once: an object has weights of its own. "
                f"Received: flows={[step.name for step in made]}"
            )
        super().__init__(**kwargs)
        self.built = False
        self.base = base
        self.flows = made
        self.stands_alone = base.stands_alone or not base.parameter_channels(2)
        self._role = ""
        self._code_shape: tuple[int, ...] = ()
        self.parameters_type = _parameters_type(tuple(self.parameter_channels(2)))

    def parameter_channels(self, channels: int) -> dict[str, int]:
        """The base's parameters, and `flow_1`, ... of the steps that take some."""
        names = self.base.parameter_channels(channels)
        if not names:
            return {}
        counts = self._counts(channels)
        return {**names, **{name: count for name, count in counts.items() if count}}

    def from_network(self, outputs: Sequence[Tensor]) -> Any:
        """The base's parameters in their range, those of the steps as they are."""
        count = len(self.base.parameter_channels(2))
        own = self.base.from_network(outputs[:count])
        rest = [to_float32(output) for output in outputs[count:]]
        return self.parameters_type(*own, *rest)

    def build_for(self, model: Any) -> None:
        """Make the weights of a prior, or see whether those of another model fit.

        Raises:
            ValueError: If the flow is a posterior already, or was made for codes of
                another shape.
        """
        code_shape = code_shape_of(model)
        self._check_role("prior", code_shape)
        if not self.built:
            self.base.build_for(model)
            self._build_steps("prior", code_shape)

    def build(self, code_shape: Sequence[int]) -> None:
        """Make the weights of a prior for codes of this shape."""
        code_shape = checked_event("code_shape", code_shape)
        if not self.base.built:
            self.base.build(code_shape)
        self._build_steps("prior", code_shape)

    def build_as_posterior(self, code_shape: Sequence[int]) -> None:
        """Make the weights that steps have beside what a network gives.

        Raises:
            ValueError: If the flow is a prior already, or was made for codes of another
                shape.
        """
        code_shape = checked_event("code_shape", code_shape)
        self._check_role("posterior", code_shape)
        if not self.built:
            self._build_steps("posterior", code_shape)

    def log_prob(self, value: Tensor, parameters: Any = None) -> Tensor:
        """Log base(z₀) − Σ log |det|, with z₀ by the steps' inverses."""
        base, given = self._split(parameters)
        z = float32_of("value", value)
        # Steps know the size of the last axis alone.
        check_event(z, (*(known_shape(z) or (None, None))[1:-1], self._code_shape[-1]))
        if base is not None:
            check_same_shape(value=z, mean=base[0])
        log_det: Any = 0.0
        for step, own in reversed(list(zip(self.flows, given, strict=True))):
            z, by_position = step.inverse(z, own)
            log_det = log_det + sum_over_event(by_position)
        return self.base.log_prob(z, base) - log_det

    def sample(
        self, parameters: Any = None, seed: Any = None, shape: Sequence[int] = ()
    ) -> Tensor:
        """A draw of the base, transformed."""
        base, given = self._split(parameters)
        if base is None:
            shape = draw_shape(shape, last=self._code_shape[-1])
        z = self.base.sample(base, seed=seed, shape=shape)
        return self._transformed(z, given)[0]

    def sample_with_log_prob(
        self, parameters: Any, seed: Any = None
    ) -> tuple[Tensor, Tensor]:
        """A draw, and its log-density without an inverse."""
        base, given = self._split(parameters)
        z = self.base.sample(base, seed=seed)
        after, log_det = self._transformed(z, given)
        return after, self.base.log_prob(z, base) - log_det

    def mean(self, parameters: Any = None) -> Tensor:
        """F of the base's mean, which isn't the mean of f."""
        base, given = self._split(parameters)
        if parameters is not None:
            return self._transformed(self.base.mean(base), given)[0]
        mean = ops.broadcast_to(self.base.mean(), self._code_shape)
        return self._transformed(ops.expand_dims(mean, 0), given)[0][0]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        serialize = keras.saving.serialize_keras_object
        own = {"base": serialize(self.base), "flows": [*map(serialize, self.flows)]}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Flow":
        """Make it from the constructor's arguments, serialised."""
        deserialize = keras.saving.deserialize_keras_object
        base, flows = deserialize(config["base"]), map(deserialize, config["flows"])
        return cls(**{**config, "base": base, "flows": list(flows)})

    def _counts(self, channels: int) -> dict[str, int]:
        return {
            f"flow_{index}": step.parameter_count(channels)
            for index, step in enumerate(self.flows, 1)
        }

    def _split(self, parameters: Any) -> tuple[Any, list[Tensor | None]]:
        """The parameters of the base, and what each step is given."""
        check_built(self)
        if self._role == "prior":
            self.takes_none(parameters)
            return None, [None] * len(self.flows)
        parameters = self.parameters_in(parameters)
        count = len(self.base.parameter_channels(2))
        rest = iter(parameters[count:])
        counts = self._counts(2).values()
        return parameters[:count], [next(rest) if size else None for size in counts]

    def _transformed(
        self, z: Tensor, given: list[Tensor | None]
    ) -> tuple[Tensor, Tensor]:
        if keras.backend.is_keras_tensor(z):
            self._check_symbolic()
        log_det: Any = 0.0
        for step, own in zip(self.flows, given, strict=True):
            z, by_position = step.forward(z, own)
            log_det = log_det + sum_over_event(by_position)
        return z, log_det

    def _build_steps(self, role: str, code_shape: Sequence[int]) -> None:
        turns = 0
        for step in self.flows:
            if step.built:
                raise ValueError(
                    "`flows` must hold steps that no other flow has. "
                    f"Received: flows with {step.name!r}, which another one has"
                )
            step.build_step(code_shape[-1], role == "posterior", bool(turns % 2))
            turns += step.is_autoregressive
        self._role, self._code_shape = role, tuple(code_shape)
        self.built = True

    def _check_role(self, role: str, code_shape: Sequence[int]) -> None:
        if not self.built:
            return
        if self._role != role:
            raise ValueError(
                f"`{role}` must be a flow that is no {self._role}: make another one. "
                f"Received: {role}={self.name!r}, which is a {self._role}"
            )
        if self._code_shape != tuple(code_shape):
            raise ValueError(
                f"`{role}` {self.name!r} was made for codes of shape "
                f"{self._code_shape}. Received: a model with "
                f"code_shape={tuple(code_shape)}"
            )

    def _check_symbolic(self) -> None:
        names = [step.name for step in self.flows if step.is_autoregressive]
        if names:
            raise ValueError(
                "`to_encoder` needs a posterior that Keras's own layers can compute, "
                "which masked networks aren't: use `encode`, or save the whole model. "
                f"Received: a flow with {', '.join(map(repr, names))}"
            )


def _base_of(base: Any) -> CodeDistribution:
    if isinstance(base, CodeDistribution):
        if (
            base.space != "real"
            or isinstance(base, Flow)
            or not (base.stands_alone or not base.parameter_channels(2))
        ):
            raise ValueError(
                "`base` must be a distribution of real numbers, such as 'normal', and "
                f"no flow. Received: base={base.name!r}"
            )
        return base
    check_choice("base", base, _BASES)
    return _BASES[base]()
