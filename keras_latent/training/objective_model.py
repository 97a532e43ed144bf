"""The model that any objective trains: what `fit` and `evaluate` are given."""

import inspect
from typing import Any

import keras

from keras_latent.training import data as incoming
from keras_latent.training.fit_arguments import (
    check_fit_arguments,
    listed_callbacks,
)
from keras_latent.training.step import SteppingModel


class ObjectiveModel(SteppingModel):
    """A Keras model that is trained by the terms which its `objective` names.

    Subclasses declare the terms in their constructor (`add_term`) and compute them in
    `objective`. The logs of `fit` and `evaluate` hold the loss of the first player as
    `loss`, those of the others as `<player>_loss`, and each term by its name. The mean
    over the batch of values with sample weights w is Σ wᵢ·valueᵢ / batch size.

    Attributes:
        uses_labels: Whether the objective reads labels, which `fit` then demands.
    """

    uses_labels = False

    def fit(
        self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        """Train, as `keras.Model.fit`, after a look at the data.

        Takes `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`, as arrays, a `tf.data`
        dataset or anything else that `keras.Model.fit` takes. Arrays are checked before
        the training, everything else batch by batch in its steps. With `class_weight`,
        a label of −1 is missing and weighs 1.

        Raises:
            ValueError: If the data isn't what the model was built for, or the input, a
                term of the loss or a gradient stops being finite or in range; weights
                stay as they were before that step.
        """
        if x is None:
            raise ValueError("`x` must be data to train on. Received: x=None")
        signature = inspect.signature(keras.Model.fit)
        arguments = signature.bind(self, x, y, *args, **kwargs).arguments
        arguments = incoming.checked_arguments(self, arguments)
        if self.compiled:
            arguments["callbacks"] = self._guarded(arguments.get("callbacks"))
        with self._resuming(), incoming.loaders_of_tuples(arguments["x"]):
            return super().fit(**arguments)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Train on one batch, as `keras.Model.train_on_batch`.

        Raises:
            ValueError: If something isn't finite or in range; the weights stay as they
                were.
        """
        batch = incoming.checked_batch(self, x, y, sample_weight)
        logs = super().train_on_batch(*batch, *args, **kwargs)
        self._guard.look()
        return logs

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Evaluate, as `keras.Model.evaluate`, after a look at the data."""
        if x is None:
            raise ValueError("`x` must be data to evaluate on. Received: x=None")
        signature = inspect.signature(keras.Model.evaluate)
        arguments = signature.bind(self, x, y, *args, **kwargs).arguments
        if self.compiled:
            self._evaluation_guard.forget()
        arguments = incoming.checked_arguments(self, arguments)
        with incoming.loaders_of_tuples(arguments["x"]):
            logs = super().evaluate(**arguments)
        self._evaluation_guard.begin({})
        self._evaluation_guard.look()
        return logs

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Reconstruct, as `keras.Model.predict`, after a look at the data."""
        signature = inspect.signature(keras.Model.predict)
        check_fit_arguments(signature.bind(self, x, *args, **kwargs).arguments)
        x = incoming.as_arrays(self, {"x": x})["x"]
        incoming.check_predicted(self, x)
        with incoming.loaders_of_tuples(x):
            return super().predict(x, *args, **kwargs)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Evaluate on one batch, as `keras.Model.test_on_batch`.

        Raises:
            ValueError: If something in it isn't finite or in range.
        """
        if self.compiled:
            self._evaluation_guard.forget()
        batch = incoming.checked_batch(self, x, y, sample_weight)
        logs = super().test_on_batch(*batch, *args, **kwargs)
        self._evaluation_guard.begin({})
        self._evaluation_guard.look()
        return logs

    def example_of_metrics(self) -> tuple[Any, Any]:
        """An observation of one row, and what is to be reconstructed of it."""
        x = self.example_observation()
        return x, self.target(x)

    def on_steps_begun(self, logs: dict[str, Any]) -> None:
        """Let the guard look at the steps before these."""
        self._guard.begin(logs)

    def _guarded(self, callbacks: Any) -> Any:
        # Before the others, which could save what isn't finite.
        if isinstance(callbacks, keras.callbacks.CallbackList):
            if self._guard not in callbacks.callbacks:
                callbacks.callbacks.insert(0, self._guard)
            return callbacks
        return [self._guard, *listed_callbacks(callbacks)]
