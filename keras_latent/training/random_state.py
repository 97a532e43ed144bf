"""Random state, which Keras leaves out of its files."""

from typing import Any

import keras

_RANDOM_STATE = "random_state_"


class RandomStateModel(keras.Model):
    """A Keras model that is saved with the state of its random generators.

    A training that goes on from a file then draws what an unbroken one would draw.
    """

    def save_own_variables(self, store: Any) -> None:
        """Save the variables, and the state of every random generator in the model."""
        super().save_own_variables(store)
        for index, state in enumerate(self._random_states()):
            store[f"{_RANDOM_STATE}{index}"] = state.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Load what `save_own_variables` saved."""
        # The store of an HDF5 file has `keys`, but can't be iterated over.
        own = [key for key in store.keys() if not key.startswith(_RANDOM_STATE)]  # noqa: SIM118
        variables = {key: store[key] for key in own}
        super().load_own_variables(variables)
        for index, state in enumerate(self._random_states()):
            state.assign(store[f"{_RANDOM_STATE}{index}"])

    def _random_states(self) -> list[keras.Variable]:
        return [v for v in self.variables if v.name == "seed_generator_state"]
