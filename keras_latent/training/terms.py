"""The named terms of an objective: weights, scheduled numbers, logged means."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np

from keras_latent.training.random_state import RandomStateModel
from keras_latent.validation import check_in_range

_MADE_BY_STEP = ("loss", "regularization")
"""What the step logs itself."""


class _Scheduled(NamedTuple):
    """A Variable that the user or a schedule may set, and to what."""

    variable: keras.Variable
    low: float
    high: float
    fixed: str | None


class TermsModel(RandomStateModel):
    """A Keras model whose weights of terms and other numbers may change in training.

    Each is a Variable and an attribute. Whoever assigns a number to one sets the
    Variable, which a compiled step reads.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Past what Keras tracks, so that files of weights without them can be read.
        self.__dict__["_scheduled"] = {}
        self._weight_by_term: dict[str, keras.Variable] = {}
        self._trackers: dict[str, keras.metrics.Metric] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        """Assign to the Variable where a number is given for a scheduled one."""
        scheduled = self.__dict__.get("_scheduled", {}).get(name)
        if scheduled is None or value is scheduled.variable:
            super().__setattr__(name, value)
            return
        if np.ndim(value) == 0 and hasattr(value, "__array__"):
            # Such as the tensor that `model.beta += 1` makes.
            value = np.asarray(value).item()
        if scheduled.fixed is not None and value != scheduled.low:
            raise ValueError(f"{scheduled.fixed}. Received: {name}={value!r}")
        check_in_range(name, value, scheduled.low, scheduled.high)
        # Of a bare number TensorFlow keeps a tensor for good.
        scheduled.variable.assign(np.asarray(value, "float32"))

    def add_term(
        self,
        term: str,
        weight: float = 1.0,
        name: str | None = None,
        fixed: str | None = None,
    ) -> None:
        """Declare a term of the objective and its weight.

        The weight becomes a Variable: an attribute of this model, saved with it, which
        a schedule may change during the training.

        Args:
            term: The term's name in `objective` and in the logs.
            weight: The initial weight. Defaults to 1.0.
            name: The weight's name. Defaults to `None`: the term's name with `_weight`.
            fixed: Why the weight can't be set to anything else, the beginning of an
                error. Defaults to `None`: it can.

        Raises:
            ValueError: If `weight` isn't a finite number of at least 0, or a name is
                taken.
        """
        self._check_is_new("term", term, self._trackers)
        name = name or f"{term}_weight"
        self._check_is_new("name", name, self._scheduled)
        check_in_range(name, weight)
        variable = self.add_weight(
            name=name,
            shape=(),
            initializer=keras.initializers.Constant(weight),
            dtype="float32",
            trainable=False,
        )
        setattr(self, name, variable)
        low = weight if fixed else 0.0
        self._scheduled[name] = _Scheduled(variable, low, math.inf, fixed)
        self._weight_by_term[term] = variable
        self.add_monitor(term)

    def add_number(
        self, name: str, value: Any, low: float = 0.0, high: float = math.inf
    ) -> None:
        """Declare a number that a schedule may change, and that weighs no term.

        It becomes a Variable and an attribute of this model, such as a margin, a
        capacity or a temperature; its value is part of the model's config.

        Args:
            name: The number's name, that of the constructor's argument.
            value: The initial value, or the Variable of a layer that keeps it.
            low: The least value. Defaults to 0.0.
            high: The greatest value. Defaults to no limit.

        Raises:
            ValueError: If `value` isn't a finite number in that range, or the name is
                taken.
        """
        self._check_is_new("name", name, self._scheduled)
        variable = value
        if not isinstance(value, keras.Variable):
            check_in_range(name, value, low, high)
            variable = keras.Variable(
                value, trainable=False, dtype="float32", name=name
            )
        # Past what Keras tracks, see above.
        self.__dict__[name] = variable
        self._scheduled[name] = _Scheduled(variable, low, high, None)

    def add_monitor(
        self, name: str, metric: keras.metrics.Metric | None = None
    ) -> None:
        """Declare a value that `objective` computes for the logs alone.

        Args:
            name: The value's name in `objective` and in the logs.
            metric: What makes a number of an epoch's values, of this name; the
                objective gives `Counts` then. Defaults to `None`: their mean.

        Raises:
            ValueError: If the name is taken, or the metric has another one.
        """
        self._check_is_new("name", name, self._trackers)
        if metric is not None and metric.name != name:
            raise ValueError(
                f"`metric` must have the name {name!r}, by which it is logged. "
                f"Received: metric with the name {metric.name!r}"
            )
        self._trackers[name] = metric or keras.metrics.Mean(name=name)

    def _check_is_new(self, argument: str, name: Any, declared: dict[str, Any]) -> None:
        """Refuse the name of something else, which it would take the place of."""
        is_name = isinstance(name, str) and name != ""
        is_taken = is_name and (
            callable(getattr(type(self), name, None))
            or isinstance(getattr(self, name, None), keras.layers.Layer)
        )
        logs = declared is self._trackers
        if (
            not is_name
            or name in declared
            or (logs and name in _MADE_BY_STEP)
            or (not logs and is_taken)
        ):
            raise ValueError(
                f"`{argument}` must be a name that {type(self).__name__} doesn't use "
                f"yet. Received: {argument}={name!r}"
            )

    def numbers(self) -> dict[str, keras.Variable]:
        """The declared numbers that weigh no term, by their names."""
        weights = {id(variable) for variable in self._weight_by_term.values()}
        return {
            name: number.variable
            for name, number in self._scheduled.items()
            if id(number.variable) not in weights
        }

    @property
    def term_weights(self) -> dict[str, keras.Variable]:
        """The weights of the terms by their own names, such as `beta`."""
        weights = {id(variable) for variable in self._weight_by_term.values()}
        return {n: v for n, v in self.scheduled.items() if id(v) in weights}

    @property
    def scheduled(self) -> dict[str, keras.Variable]:
        """All numbers that may be set while the model trains, by their names."""
        return {
            name: scheduled.variable
            for name, scheduled in self._scheduled.items()
            if scheduled.fixed is None
        }
