"""Negative log-likelihood of many models on dynamically binarized MNIST.

The setting of Burda, Grosse and Salakhutdinov 2015, table 1: a 784-200-200-50 network
with tanh units, the digits binarized anew at each sight, the evidence of the 10,000
test digits estimated by 5,000 importance samples. All rows make the same number of
updates, far fewer than were published; `--epochs` trains a row for longer.

    python benchmarks/mnist_nll.py
    python benchmarks/mnist_nll.py --rows VAE IWAE-5 --epochs 1000 --learning-rate 1e-3
    python benchmarks/mnist_nll.py --table

A run that was cut goes on from its last epoch when it is started again. What was
measured stands in `benchmarks/results/mnist_nll`, and isn't made again.
"""

import argparse
import csv
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

import keras_latent as kl
from keras_latent.saving import write_text

LATENT_DIM = 50
_TEST_DIGITS = 10_000
RESULTS = Path(__file__).parent / "results" / "mnist_nll"

Networks = tuple[keras.Model, keras.Model]


class Row(NamedTuple):
    """A line of the table.

    Args:
        make: From the two networks to the model.
        published: Nats that a paper reports, and which.
        warm_up: Epochs over which β rises from 0.
    """

    make: Callable[[keras.Model, keras.Model], keras.Model]
    published: str = ""
    warm_up: int = 0


def _of(variant: str, **arguments: Any) -> Callable[..., keras.Model]:
    def make(encoder: keras.Model, decoder: keras.Model) -> keras.Model:
        bernoulli = kl.likelihoods.Bernoulli(from_logits=True)
        return getattr(kl.models, variant)(encoder, decoder, bernoulli, **arguments)

    return make


def _with_flows(flows: list[Any]) -> Callable[..., keras.Model]:
    return lambda encoder, decoder: _of(
        "VAE", posterior=kl.distributions.Flow(flows=flows)
    )(encoder, decoder)


_RAINFORTH = "Rainforth et al. 2018, as pythae's README has it"
MANY = {"num_bounds": 8, "num_samples": 8}
ROWS: dict[str, Row] = {
    "VAE": Row(_of("VAE"), "86.76, Burda et al. 2015"),
    "IWAE-5": Row(_of("IWAE"), "85.54, Burda et al. 2015"),
    "IWAE-50": Row(_of("IWAE", num_samples=50), "84.78, Burda et al. 2015"),
    "IWAE-5, DReG": Row(_of("IWAE", gradient="dreg")),
    "MIWAE, 8 bounds of 8": Row(_of("MIWAE", **MANY), f"84.97, {_RAINFORTH}"),
    "CIWAE, 8 bounds of 8": Row(_of("CIWAE", **MANY), f"84.57, {_RAINFORTH}"),
    "PIWAE, 8 bounds of 8": Row(_of("PIWAE", **MANY), f"84.46, {_RAINFORTH}"),
    "VAE, 8 planar flows": Row(_with_flows(["planar"] * 8)),
    "VAE, 2 inverse autoregressive flows": Row(
        _with_flows(["inverse_autoregressive"] * 2)
    ),
    # At β = 1 from the start it collapses to 206 nats, from noise and from digits.
    "VAE, VampPrior of 500": Row(_of("VAE", prior="vamp_prior"), warm_up=3),
    "HierarchicalVAE, two levels": Row(
        _of("HierarchicalVAE"), "85.33, two layers otherwise joined, Burda et al. 2015"
    ),
    "VAE, power-spherical": Row(
        _of("VAE", posterior="power_spherical", prior="uniform_sphere")
    ),
}


def networks() -> Networks:
    """The 784-200-200-50 network, and its mirror image."""
    layers = keras.layers
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(200, activation="tanh"),
            layers.Dense(200, activation="tanh"),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(200, activation="tanh"),
            layers.Dense(200, activation="tanh"),
            layers.Dense(784),
            layers.Reshape((28, 28, 1)),
        ]
    )
    return encoder, decoder


def binarized(images: np.ndarray, seed: int) -> np.ndarray:
    """Draw each pixel as 1 with its grey value as the probability."""
    noise = np.random.default_rng(seed).random(images.shape, dtype="float32")
    return (noise < images).astype("float32")


def training_data(
    images: np.ndarray, batch_size: int, first_epoch: int, epochs: int, seed: int
) -> tf.data.Dataset:
    """Batches of digits, shuffled and binarized anew in each epoch."""
    pixels = tf.constant(images)

    def epoch(index: tf.Tensor) -> tf.data.Dataset:
        key = tf.stack([tf.constant(seed, tf.int64), index])
        order = tf.random.experimental.stateless_shuffle(tf.range(len(images)), key)
        batches = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
        return batches.enumerate().map(lambda step, rows: draw(index, step, rows))

    def draw(index: tf.Tensor, step: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        grey = tf.gather(pixels, rows)
        key = tf.stack([seed + index, step])
        noise = tf.random.stateless_uniform(tf.shape(grey), key)
        return tf.cast(noise < grey, tf.float32)

    return tf.data.Dataset.range(first_epoch, epochs).flat_map(epoch).prefetch(2)


class EpochSeconds(keras.callbacks.Callback):
    """Adds the duration of each epoch to its logs, over all runs that were cut."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Stop it."""
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self._start


def trained(
    name: str, images: np.ndarray, arguments: argparse.Namespace, folder: Path
) -> keras.Model:
    """A model of a row; its learning rate falls to 0 along half a cosine."""
    saved = folder / "model.keras"
    if saved.exists():
        return kl.load_model(saved)
    keras.utils.set_random_seed(arguments.seed)
    row = ROWS[name]
    steps = len(images) // arguments.batch_size
    begun = None
    if arguments.epochs_as_vae:
        begun = _begun_as_vae(images, arguments, folder / "as-vae")
    model = row.make(*networks())
    if begun is not None:
        pairs = zip(model.trainable_weights, begun.trainable_weights, strict=True)
        for own, first in pairs:
            own.assign(first)
    if isinstance(model.prior, kl.distributions.VampPrior):
        first = images[: model.prior.num_inputs]
        model.prior.set_inputs(binarized(first, seed=arguments.seed))
    schedules = []
    if row.warm_up:
        rise = kl.callbacks.Linear(0.0, 1.0, duration=row.warm_up * steps)
        schedules = [kl.callbacks.WeightSchedule("beta", rise, by="step")]
    rate = keras.optimizers.schedules.CosineDecay(
        arguments.learning_rate, arguments.epochs * steps
    )
    _fit(model, images, rate, arguments.epochs, arguments, folder, schedules)
    model.save(saved)
    return model


def _begun_as_vae(
    images: np.ndarray, arguments: argparse.Namespace, folder: Path
) -> keras.Model:
    """The networks after some epochs with one sample, whose rate doesn't fall."""
    saved = folder / "model.keras"
    if saved.exists():
        return kl.load_model(saved)
    folder.mkdir(parents=True, exist_ok=True)
    model = ROWS["VAE"].make(*networks())
    epochs = arguments.epochs_as_vae
    _fit(model, images, arguments.learning_rate, epochs, arguments, folder)
    model.save(saved)
    return model


def _fit(
    model: keras.Model,
    images: np.ndarray,
    rate: Any,
    epochs: int,
    arguments: argparse.Namespace,
    folder: Path,
    schedules: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Train for the epochs that a run which was cut has left."""
    batch, log = arguments.batch_size, folder / "log.csv"
    steps = len(images) // batch
    model.compile(
        {player: keras.optimizers.Adam(rate) for player in model.players()},
        steps_per_execution=min(steps, 200),
    )
    done = len(log.read_text().splitlines()) - 1 if log.exists() else 0
    model.fit(
        training_data(images, batch, done, epochs, arguments.seed),
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[
            *schedules,
            EpochSeconds(),
            keras.callbacks.BackupAndRestore(str(folder / "backup")),
            keras.callbacks.CSVLogger(str(log), append=True),
        ],
    )


def seconds_of(folder: Path) -> float:
    """Seconds of all epochs that the logs under a folder tell of."""
    seconds = 0.0
    for file in folder.rglob("log.csv"):
        with open(file, newline="") as log:
            seconds += sum(float(row["seconds"]) for row in csv.DictReader(log))
    return seconds


def measure(name: str, arguments: argparse.Namespace) -> None:
    """Train a row and estimate its evidence, unless that was done before."""
    training = f"{arguments.epochs}-epochs-of-{arguments.batch_size}"
    training += f"-at-{arguments.learning_rate:g}-seed-{arguments.seed}"
    if arguments.epochs_as_vae:
        training += f"-after-{arguments.epochs_as_vae}-as-vae"
    file = RESULTS / f"{list(ROWS).index(name)}-{training}.json"
    if file.exists():
        found = json.loads(file.read_text("utf-8"))
        asked = (arguments.samples, arguments.test_digits)
        if (found["importance_samples"], found["test_digits"]) == asked:
            return
    folder = arguments.runs / file.stem
    folder.mkdir(parents=True, exist_ok=True)
    train, _ = kl.datasets.arrays("mnist", "train")
    test, _ = kl.datasets.arrays("mnist", "test", limit=arguments.test_digits)
    model = trained(name, train, arguments, folder)
    seconds = seconds_of(folder)
    begun = time.perf_counter()
    digits = binarized(test, seed=arguments.seed)
    nll = -model.log_likelihood(digits, num_samples=arguments.samples)
    epochs = arguments.epochs_as_vae + arguments.epochs
    result = {
        "row": name,
        "nll": round(float(nll.mean()), 2),
        "standard_error": round(float(nll.std() / np.sqrt(len(nll))), 2),
        "importance_samples": arguments.samples,
        "test_digits": len(test),
        "epochs": arguments.epochs,
        "epochs_as_vae": arguments.epochs_as_vae,
        "batch_size": arguments.batch_size,
        "learning_rate": arguments.learning_rate,
        "updates": epochs * (len(train) // arguments.batch_size),
        "training_minutes": round(seconds / 60, 1),
        "estimating_minutes": round((time.perf_counter() - begun) / 60, 1),
        "seed": arguments.seed,
    }
    write_text(file, json.dumps(result, indent=1) + "\n")
    print(json.dumps(result), flush=True)


def table() -> str:
    """What was measured, in Markdown, in the order of the rows."""
    found = [json.loads(file.read_text("utf-8")) for file in RESULTS.glob("*.json")]
    lines = [
        "| | NLL, nats | updates | minutes of training | published |",
        "|---|---|---|---|---|",
    ]
    for name, row in ROWS.items():
        for one in sorted(found, key=lambda one: one["updates"]):
            if one["row"] == name:
                lines.append(
                    f"| {name} | {one['nll']:.2f} ± {one['standard_error']:.2f}"
                    f"{_of_fewer(one)} | "
                    f"{one['updates']:,} of {one['batch_size']} digits{_begun(one)} | "
                    f"{one['training_minutes']:.0f} | {row.published} |"
                )
    return "\n".join(lines)


def _of_fewer(one: dict[str, Any]) -> str:
    few = one["test_digits"]
    return f", the first {few:,} digits" if few < _TEST_DIGITS else ""


def _begun(one: dict[str, Any]) -> str:
    epochs = one.get("epochs_as_vae", 0)
    share = epochs / (epochs + one["epochs"])
    return f", the first {share * one['updates']:,.0f} as VAE" if epochs else ""


def _shapes(name: str) -> list[tuple[int, ...]]:
    """Shapes of what is trained of a row."""
    weights = ROWS[name].make(*networks()).trainable_weights
    return [tuple(weight.shape) for weight in weights]


def main() -> None:
    """Measure what isn't measured yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument(
        "--epochs-as-vae",
        type=int,
        default=0,
        help="of one sample, before those of the row: a third of the time, each",
    )
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--test-digits", type=int, default=_TEST_DIGITS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=Path, default=Path("runs/mnist_nll"))
    parser.add_argument("--table", action="store_true", help="of what is there")
    arguments = parser.parse_args()
    if arguments.epochs_as_vae < 0:
        parser.error("--epochs-as-vae must be 0 or more")
    if arguments.epochs_as_vae:
        others = [name for name in arguments.rows if _shapes(name) != _shapes("VAE")]
        if others:
            parser.error(f"--epochs-as-vae: no VAE has the weights of {others}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    if not arguments.table:
        for name in arguments.rows:
            measure(name, arguments)
    print(table())


if __name__ == "__main__":
    main()
