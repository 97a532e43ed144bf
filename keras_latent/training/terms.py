"""The named terms of an objective: their weights, and the means that are logged."""

from typing import Any

import keras
import numpy as np

from keras_latent.training.random_state import RandomStateModel
from keras_latent.validation import check_in_range


class TermsModel(RandomStateModel):
    """A Keras model that keeps the weights of its terms, each a Variable with a name.

    Whoever assigns a number to such a weight sets the Variable.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._weight_by_name: dict[str, keras.Variable] = {}
        self._weight_by_term: dict[str, keras.Variable] = {}
        self._trackers: dict[str, keras.metrics.Mean] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        """Assign to the Variable where a number is given for the weight of a term."""
        weight = self.__dict__.get("_weight_by_name", {}).get(name)
        if weight is None or value is weight:
            super().__setattr__(name, value)
        else:
            check_in_range(name, value)
            # Of a bare number TensorFlow keeps a tensor for good.
            weight.assign(np.asarray(value, "float32"))

    def add_term(self, term: str, weight: float = 1.0, name: str | None = None) -> None:
        """Declare a term of the objective and its weight.

        The weight becomes a Variable: an attribute of this model, saved with it, which
        a schedule may change during the training.

        Args:
            term: The term's name in `objective` and in the logs.
            weight: The initial weight. Defaults to 1.0.
            name: The weight's name. Defaults to `None`: the term's name with `_weight`.

        Raises:
            ValueError: If `weight` isn't a finite number of at least 0.
        """
        name = name or f"{term}_weight"
        check_in_range(name, weight)
        variable = self.add_weight(
            name=name,
            shape=(),
            initializer=keras.initializers.Constant(weight),
            dtype="float32",
            trainable=False,
        )
        setattr(self, name, variable)
        self._weight_by_name[name] = variable
        self._weight_by_term[term] = variable
        self.add_monitor(term)

    def add_monitor(self, name: str) -> None:
        """Declare a value that `objective` computes for the logs alone."""
        self._trackers[name] = keras.metrics.Mean(name=name)

    @property
    def term_weights(self) -> dict[str, keras.Variable]:
        """The weights of the terms by their own names, such as `beta`."""
        return dict(self._weight_by_name)
