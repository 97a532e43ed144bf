"""The training of samplers that are networks: epochs, and weights as arrays."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_latent.keras_internals import random_states
from keras_latent.renamed_errors import arguments_called
from keras_latent.samplers.files import read_arrays, write_arrays

_EMBEDDED = 0.2
"""Standard deviation of what stands for tokens, places and labels at first."""

Step = Callable[[np.ndarray, np.random.Generator], float]


def optimizer_for(sampler: Any, count: int) -> keras.optimizers.Optimizer:
    """Adam, whose rate falls to 0 as a cosine over a fit to so many codes."""
    steps = sampler.epochs * (count // _batch_size(sampler, count))
    schedule = keras.optimizers.schedules.CosineDecay(sampler.learning_rate, steps)
    return keras.optimizers.Adam(schedule)


def _batch_size(sampler: Any, count: int) -> int:
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


def trained_weights(
    sampler: Any,
    network: keras.Model,
    fitted_to: np.ndarray,
    labels: np.ndarray | None,
    step: Step,
    begin_epoch: Callable[[int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Train a network of a sampler, or go on from where its checkpoint stands.

    Args:
        sampler: Says `epochs`, `batch_size`, `learning_rate`, `seed`, `checkpoint` and
            `verbose`.
        network: What is trained, compiled; its means start anew with each epoch.
        fitted_to: One row for each code: with `labels` and the sampler's arguments, it
            tells this fit from another.
        labels: Integers of shape (count,), or `None`.
        step: Takes the rows of a batch and what draws, and gives the mean loss.
        begin_epoch: Called with the number of epochs made. Defaults to `None`.

    Returns:
        The network's weights, as arrays.

    Raises:
        ValueError: If a loss isn't finite, or the checkpoint is of another fit.
    """
    count, optimizer = len(fitted_to), network.optimizer
    optimizer.build(network.trainable_variables)
    checkpoint = Checkpoint(
        sampler.checkpoint,
        fit_hash(sampler.get_config(), fitted_to, labels),
        [*network.weights, *optimizer.variables, *random_states(network)],
    )
    size = _batch_size(sampler, count)
    done = checkpoint.resumed()
    progress = Progress(sampler.epochs, sampler.verbose)
    for epoch in range(done, sampler.epochs):
        if begin_epoch is not None:
            begin_epoch(epoch)
        # Its own seed, so that an epoch is the same after a kill.
        generator = np.random.default_rng([sampler.seed, epoch])
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
        progress.reached(epoch + 1, float(loss))
        checkpoint.reached(epoch + 1, sampler.epochs)
    checkpoint.remove()
    return as_arrays(network.weights)


class Progress:
    """What a fit has reached: a bar on a terminal and in a notebook, elsewhere lines.

    Args:
        epochs: Those of the whole fit.
        verbose: 1 shows it, 0 nothing.
    """

    def __init__(self, epochs: int, verbose: int) -> None:
        # Keras colours its bar wherever it goes, into files, too.
        is_seen = sys.stdout.isatty() or "ipykernel" in sys.modules
        self._epochs = epochs
        self._prints = bool(verbose) and not is_seen
        self._bar = keras.utils.Progbar(epochs, verbose=verbose if is_seen else 0)

    def reached(self, epoch: int, loss: float) -> None:
        """Show that an epoch is done."""
        self._bar.update(epoch, [("loss", loss)])
        if self._prints:
            print(f"epoch {epoch}/{self._epochs}  loss {loss:.4g}", flush=True)


def as_arrays(variables: Sequence[Any]) -> dict[str, np.ndarray]:
    """The values of variables, as a sampler's state holds them."""
    return {f"weight_{i}": np.asarray(each) for i, each in enumerate(variables)}


def assign_arrays(variables: Sequence[Any], state: Mapping[str, np.ndarray]) -> None:
    """Give variables the values that `as_arrays` took."""
    for index, variable in enumerate(variables):
        variable.assign(state[f"weight_{index}"])


def check_place(checkpoint: Path) -> None:
    """Refuse a place where no checkpoint can be written.

    Raises:
        FileNotFoundError: If its folder doesn't exist.
        ValueError: If it is a folder itself.
    """
    if not checkpoint.parent.is_dir():
        raise FileNotFoundError(
            "The folder of `checkpoint` must exist. "
            f"Received: checkpoint={str(checkpoint)!r}"
        )
    if checkpoint.is_dir():
        raise ValueError(
            "`checkpoint` must be a file, but is a folder. "
            f"Received: checkpoint={str(checkpoint)!r}"
        )


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
            ValueError: If it is of another fit, or no checkpoint.
            FileNotFoundError: If its folder doesn't exist.
        """
        if self.path is None:
            return 0
        check_place(self.path)
        if not self.path.exists():
            return 0
        with arguments_called(path="checkpoint"):
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
