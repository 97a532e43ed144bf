"""The training of samplers that are networks: epochs, and weights as arrays."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_latent.samplers.files import read_arrays, write_arrays

_EMBEDDED = 0.2
"""Standard deviation of what stands for tokens, places and labels at first."""

Step = Callable[[np.ndarray, np.random.Generator], float]


def falling_rate(sampler: Any, count: int) -> Any:
    """A learning rate that falls to 0 as a cosine over a fit to so many codes."""
    return keras.optimizers.schedules.CosineDecay(
        sampler.learning_rate, sampler.epochs * (count // batch_size(sampler, count))
    )


def batch_size(sampler: Any, count: int) -> int:
    """How many of so many codes a step takes."""
    return min(sampler.batch_size, count)


def draw_weights(
    network: keras.Model, generator: np.random.Generator, start: str
) -> None:
    """Draw kernels and embeddings, without a look at the generator of Keras.

    Args:
        network: Gets them.
        generator: What draws.
        start: How the names of the layers begin whose kernels are 0.
    """
    for weight in network.weights:
        if len(weight.shape) < 2:
            continue
        size = np.prod(weight.shape[:-1]) ** -0.5
        if weight.name == "embeddings":
            size = _EMBEDDED
        elif any(name.startswith(start) for name in weight.path.split("/")):
            size = 0.0
        weight.assign(generator.normal(0, 1, weight.shape) * size)


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


class Checkpoint:
    """What a fit has reached, in a file, from which one that was killed goes on.

    Args:
        path: The file; `None` keeps nothing.
        fitted: What tells this fit from another: `fit_hash`.
        variables: All that the training changes.
    """

    def __init__(
        self, path: Path | None, fitted: str, variables: Sequence[Any]
    ) -> None:
        self.path = path
        self._fitted = fitted
        self._variables = variables

    def resumed(self) -> int:
        """Take what the file holds, and say how many epochs were made.

        Raises:
            ValueError: If it is of another fit.
        """
        if self.path is None or not self.path.exists():
            return 0
        header, values = read_arrays(self.path)
        if header.get("fit") != self._fitted:
            raise ValueError(
                "`checkpoint` must be of a fit with the same arguments, model, images "
                "and labels; remove it to begin anew. "
                f"Received: checkpoint={str(self.path)!r} of another fit"
            )
        assign_arrays(self._variables, values)
        return header["epochs"]

    def reached(self, epochs: int, total: int) -> None:
        """Write what was reached, some twenty times a fit."""
        if self.path is not None and epochs % max(1, total // 20) == 0:
            header = {"fit": self._fitted, "epochs": epochs}
            write_arrays(self.path, header, as_arrays(self._variables))

    def remove(self) -> None:
        """Remove the file, at the end."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def fit_hash(
    config: Mapping[str, Any], codes: np.ndarray, labels: np.ndarray | None
) -> str:
    """What tells one fit from another.

    Args:
        config: The sampler's arguments.
        codes: What is fitted to, of shape (count, ...).
        labels: Integers of shape (count,), or `None`.
    """
    found = hashlib.sha256(json.dumps(config).encode())
    found.update(f"{codes.shape}".encode() + codes.tobytes())
    found.update(b"" if labels is None else labels.astype("int64").tobytes())
    return found.hexdigest()
