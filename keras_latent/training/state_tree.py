"""The state of a model as a tree of arrays, of which Orbax makes checkpoints."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_latent.training.compiled_model import CompiledModel
from keras_latent.validation import check_choice

_FORMATS = ("backend_tensor", "numpy_array")
_METRICS = "metrics_variables"


class StateTreeModel(CompiledModel):
    """A compiled model whose state is told by the number of each variable.

    Keras tells it by paths. Those depend on where a network was built, so that a model
    that was loaded has others, and Keras passes over what it doesn't find: the model
    would keep its random weights, and nobody would be told.
    """

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """The values of all variables, by their kind and their number.

        Args:
            value_format: `"backend_tensor"` or `"numpy_array"`. Defaults to
                `"backend_tensor"`.

        Returns:
            A dict of dicts, of all optimizers where there are several players.

        Raises:
            ValueError: If it is another format.
        """
        check_choice("value_format", value_format, _FORMATS)
        as_arrays = value_format == "numpy_array"
        return {
            kind: {
                key: np.array(variable) if as_arrays else variable.value
                for key, variable in _numbered(variables).items()
            }
            for kind, variables in self._variables_by_kind().items()
        }

    def set_state_tree(self, state_tree: Mapping[str, Mapping[str, Any]]) -> None:
        """Assign what `get_state_tree` gave, of all kinds or of some.

        Optimizers are left alone where the model isn't compiled, and metrics always:
        they begin anew.

        Args:
            state_tree: Values by kind and number.

        Raises:
            ValueError: If they are those of another model; nothing was assigned then.
        """
        known = self._variables_by_kind()
        moves = []
        for kind, values in state_tree.items():
            check_choice("state_tree", kind, known)
            if kind == _METRICS or (kind == "optimizer_variables" and not known[kind]):
                continue
            own = _numbered(known[kind])
            shapes = {key: tuple(variable.shape) for key, variable in own.items()}
            given = {key: tuple(np.shape(value)) for key, value in values.items()}
            if given != shapes:
                differing = sorted(shapes.items() ^ given.items())
                raise ValueError(
                    "`state_tree` must be of a model like this one. Received: "
                    f"{len(given)} {kind} for {len(shapes)}, which differ by "
                    f"{differing[:4]}"
                )
            moves += [(own[key], value) for key, value in values.items()]
        for variable, value in moves:
            variable.assign(value)

    def _variables_by_kind(self) -> dict[str, list[keras.Variable]]:
        optimizers = self.optimizers.values() if self.compiled else []
        return {
            "trainable_variables": self.trainable_variables,
            "non_trainable_variables": self.non_trainable_variables,
            "optimizer_variables": [v for own in optimizers for v in own.variables],
            _METRICS: self.metrics_variables,
        }


def _numbered(variables: Sequence[keras.Variable]) -> dict[str, keras.Variable]:
    """Variables by what stays when a model is loaded: their order, and no names."""
    return {str(number): variable for number, variable in enumerate(variables)}
