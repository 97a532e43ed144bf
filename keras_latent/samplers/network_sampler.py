"""What samplers share that train a network."""

import abc
import os
import typing
from typing import Any

from keras_latent.samplers.base import Sampler
from keras_latent.samplers.training import assign_arrays, check_place
from keras_latent.validation import (
    check_choice,
    check_in_range,
    checked_path,
    checked_positive_integer,
    checked_seed,
)


class NetworkSampler(Sampler):
    """Base of what trains a network on codes or tokens.

    Args:
        model: A trained model.
        units: Units of a layer, or channels.
        epochs: Passes over the codes.
        batch_size: Codes a step.
        learning_rate: Adam's at first; it falls to 0 as a cosine.
        seed: Seed of the training.
        checkpoint: A file for what a fit has reached, or `None`.
        verbose: 1 shows the progress, 0 nothing.

    Raises:
        ValueError: If the model has other codes, or a number is out of range.
    """

    def __init__(
        self,
        model: Any,
        units: int,
        epochs: int,
        batch_size: int,
        learning_rate: float,
        seed: int,
        checkpoint: str | os.PathLike | None,
        verbose: int,
    ) -> None:
        check_in_range("learning_rate", learning_rate, low=1e-9)
        self.units = checked_positive_integer("units", units)
        self.epochs = checked_positive_integer("epochs", epochs)
        self.batch_size = checked_positive_integer("batch_size", batch_size)
        self.learning_rate = learning_rate
        self.seed = checked_seed(seed)
        if checkpoint is not None:
            checkpoint = checked_path("checkpoint", checkpoint)
            check_place(checkpoint)
        self.checkpoint = checkpoint
        check_choice("verbose", verbose, (0, 1))
        self.verbose = verbose
        super().__init__(model)
        self._fitted: tuple[Any, Any] | None = None

    @abc.abstractmethod
    def network(self, classes: int) -> Any:
        """A new network, for so many labels."""

    @typing.final
    def fitted_network(self) -> Any:
        """The network with the weights of the fit, made once for all draws.

        Raises:
            ValueError: If nothing was fitted.
        """
        state = self.fitted_state()
        if self._fitted is None or self._fitted[0] is not state:
            network = self.network(len(state.get("classes", ())))
            assign_arrays(network.weights, state)
            self._fitted = state, network
        return self._fitted[1]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model and what is of one fit."""
        names = ["units", "epochs", "batch_size", "learning_rate", "seed"]
        return {name: getattr(self, name) for name in names}
