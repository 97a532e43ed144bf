"""What samplers share whose networks know labels, and go without some of them."""

import typing
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from keras_latent.samplers import training
from keras_latent.samplers.labels import class_numbers, classes_of
from keras_latent.samplers.network_sampler import NetworkSampler
from keras_latent.validation import check_in_range

Step = Callable[[Any, np.ndarray, np.ndarray, np.random.Generator], float]


class SteeredSampler(NetworkSampler):
    """Base of the networks that learn with labels and without, and can be guided.

    Args:
        model: A trained model.
        guidance: How far draws go from those without a label to those with it; 1 is
            none.
        label_dropout: The share of labels that are hidden.
        **of_networks: Arguments of `NetworkSampler`.

    Raises:
        ValueError: If the model has other codes, or a number is out of range.
    """

    steered_by_labels = True
    arguments_of_draws: ClassVar[tuple[str, ...]] = ("guidance",)

    def __init__(
        self,
        model: Any,
        guidance: float,
        label_dropout: float,
        **of_networks: Any,
    ) -> None:
        check_in_range("guidance", guidance)
        check_in_range("label_dropout", label_dropout, 0, 1)
        if label_dropout == 1:
            raise ValueError(
                "`label_dropout` must be less than 1, where no label would be seen. "
                f"Received: label_dropout={label_dropout!r}"
            )
        self.guidance = guidance
        self.label_dropout = label_dropout
        super().__init__(model, **of_networks)

    @typing.final
    def trained(
        self,
        rows: np.ndarray,
        labels: np.ndarray | None,
        start: str,
        loss: Any,
        step: Step,
    ) -> dict[str, np.ndarray]:
        """The weights of a new network, trained on rows and their labels.

        Args:
            rows: One for each code, of shape (count, ...).
            labels: Integers of shape (count,), or `None`.
            start: How the names of the layers begin whose kernels are 0 at first.
            loss: That of the network.
            step: Takes the network, rows of a batch, their labels as the network counts
                them and what draws, and gives the mean loss.

        Raises:
            ValueError: If the loss isn't finite, or the checkpoint is of another fit.
        """
        classes = classes_of(labels)
        numbers = class_numbers(labels, classes, len(rows))
        network = self.network(len(classes))
        training.draw_weights(network, np.random.default_rng(self.seed), start)
        network.compile(training.optimizer_for(self, len(rows)), loss=loss)

        def on_batch(chosen: np.ndarray, generator: np.random.Generator) -> float:
            told = numbers[chosen]
            if labels is not None:
                hidden = generator.random(len(told)) < self.label_dropout
                told = np.where(hidden, len(classes), told).astype("int32")
            return step(network, rows[chosen], told, generator)

        return training.trained_weights(self, network, rows, labels, on_batch)

    @typing.final
    def numbers_of(self, labels: np.ndarray | None, count: int) -> np.ndarray:
        """Labels as the fitted network counts them, int32 of shape (count,)."""
        return class_numbers(labels, classes_of(self.classes), count)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without the model and what is of one fit."""
        own = {"guidance": self.guidance, "label_dropout": self.label_dropout}
        return super().get_config() | own
