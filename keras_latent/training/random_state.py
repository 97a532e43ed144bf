"""Random state and steps made, which Keras leaves out of its files."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_latent.keras_internals import BuiltModel, random_states

_RANDOM_STATE = "random_state_"
_STEPS = "steps_made"
_NUMBER = "number_"


class RandomStateModel(BuiltModel):
    """A Keras model that is saved with the state of its random generators.

    A training that goes on from a file then draws what an unbroken one would draw.
    Weights alone, as `load_weights` reads them, bring no random state along.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Each replica counts for itself, so that none needs to ask the others.
        self._steps_made = tf.Variable(
            0,
            dtype=tf.int64,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        self._resumes = False

    @property
    def steps_made(self) -> int:
        """Number of training steps since the model was compiled, over all `fit`s."""
        return int(self._steps_made.numpy())

    def numbers(self) -> dict[str, keras.Variable]:
        """Numbers of this model past what Keras tracks, by their names."""
        return {}

    def save_own_variables(self, store: Any) -> None:
        """Save the variables, random states, numbers, and the steps."""
        super().save_own_variables(store)
        for index, state in enumerate(random_states(self)):
            store[f"{_RANDOM_STATE}{index}"] = state.numpy()
        for name, number in self.numbers().items():
            store[_NUMBER + name] = number.numpy()
        store[_STEPS] = self._steps_made.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Load what `save_own_variables` saved."""
        # The store of an HDF5 file has `keys`, but can't be iterated over.
        keys = list(store.keys())
        ours = (_RANDOM_STATE, _NUMBER, _STEPS)
        theirs = [key for key in keys if not key.startswith(ours)]
        super().load_own_variables({key: store[key] for key in theirs})
        for index, state in enumerate(random_states(self)):
            state.assign(store[f"{_RANDOM_STATE}{index}"])
        for name, number in self.numbers().items():
            # Files of earlier versions hold none.
            if _NUMBER + name in keys:
                number.assign(store[_NUMBER + name][()])
        if _STEPS in keys:
            self._steps_made.assign(store[_STEPS][()])

    def load_weights(self, *args: Any, **kwargs: Any) -> None:
        """Load weights, as `keras.Model.load_weights`; random state stays as it is.

        Only a callback that resumes a training, such as
        `keras.callbacks.BackupAndRestore`, brings it back as well.
        """
        kept = [(state, state.numpy()) for state in random_states(self)]
        steps = self.steps_made
        super().load_weights(*args, **kwargs)
        if not self._resumes:
            for state, value in kept:
                state.assign(value)
            self._steps_made.assign(steps)

    @contextlib.contextmanager
    def _resuming(self) -> Iterator[None]:
        """Let weights that are loaded inside go on with a training."""
        self._resumes = True
        try:
            yield
        finally:
            self._resumes = False
