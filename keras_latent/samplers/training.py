"""The training of samplers that are networks: epochs, and weights as arrays."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

Step = Callable[[np.ndarray, np.random.Generator], float]


def falling_rate(sampler: Any, count: int) -> Any:
    """A learning rate that falls to 0 as a cosine over a fit to so many codes."""
    return keras.optimizers.schedules.CosineDecay(
        sampler.learning_rate, sampler.epochs * (count // batch_size(sampler, count))
    )


def batch_size(sampler: Any, count: int) -> int:
    """How many of so many codes a step takes."""
    return min(sampler.batch_size, count)


def trained_epochs(
    sampler: Any,
    network: keras.Model,
    count: int,
    generator_of: Callable[[int], np.random.Generator],
    step: Step,
    done: int = 0,
) -> Iterator[int]:
    """Train a network of a sampler, epoch by epoch.

    Args:
        sampler: Says `epochs`, `batch_size`, `learning_rate` and `verbose`.
        network: What is trained; its means start anew with each epoch.
        count: Number of codes.
        generator_of: From the number of epochs made to what orders the codes.
        step: Takes the rows of a batch and the generator, and gives the mean loss.
        done: Epochs that were made before. Defaults to 0.

    Yields:
        The number of epochs made, after each.

    Raises:
        ValueError: If a loss isn't finite.
    """
    size = batch_size(sampler, count)
    progress = keras.utils.Progbar(sampler.epochs, verbose=sampler.verbose)
    for epoch in range(done, sampler.epochs):
        generator = generator_of(epoch)
        order = generator.permutation(count)
        network.reset_metrics()
        for start in range(0, count - size + 1, size):
            loss = step(order[start : start + size], generator)
        if not np.isfinite(loss):
            raise ValueError(
                "`learning_rate` must be low enough for a loss that is finite. "
                f"Received: learning_rate={sampler.learning_rate}, with the loss "
                f"{loss} in epoch {epoch + 1}"
            )
        progress.update(epoch + 1, [("loss", float(loss))])
        yield epoch + 1


def as_arrays(variables: Sequence[Any]) -> dict[str, np.ndarray]:
    """The values of variables, as a sampler's state holds them."""
    return {f"weight_{i}": np.asarray(each) for i, each in enumerate(variables)}


def assign_arrays(variables: Sequence[Any], state: Mapping[str, np.ndarray]) -> None:
    """Give variables the values that `as_arrays` took."""
    for index, variable in enumerate(variables):
        variable.assign(state[f"weight_{index}"])
