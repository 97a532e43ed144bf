"""Negative log-likelihood of a VAE on dynamically binarized MNIST.

The setting of Burda, Grosse and Salakhutdinov 2015, table 1, one stochastic layer: a
784-200-200-50 network with tanh units, the digits binarized anew at each sight, the
evidence of the 10,000 test digits estimated by 5,000 importance samples. Published:
86.76 nats for the VAE. The training here is shorter: batches of 100 instead of 20, and
as many epochs as the command line says instead of 3,280.

    python benchmarks/mnist_nll.py

A run that was cut goes on from its last epoch when it is started again.
"""

import argparse
import csv
import json
import math
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import keras_latent as kl

PUBLISHED = 86.76
BATCH_SIZE = 100
LATENT_DIM = 50


def build() -> kl.models.VAE:
    """The 784-200-200-50 network, its decoder the mirror image."""
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
    return kl.models.VAE(
        encoder, decoder, likelihood=kl.likelihoods.Bernoulli(from_logits=True)
    )


def binarized(images: np.ndarray, seed: int) -> np.ndarray:
    """Draw each pixel as 1 with its grey value as the probability."""
    noise = np.random.default_rng(seed).random(images.shape, dtype="float32")
    return (noise < images).astype("float32")


def training_data(
    images: np.ndarray, first_epoch: int, epochs: int, seed: int
) -> tf.data.Dataset:
    """Batches of digits, shuffled and binarized anew in each epoch."""
    pixels = tf.constant(images)

    def epoch(index: tf.Tensor) -> tf.data.Dataset:
        key = tf.stack([tf.constant(seed, tf.int64), index])
        order = tf.random.experimental.stateless_shuffle(tf.range(len(images)), key)
        batches = tf.data.Dataset.from_tensor_slices(order).batch(BATCH_SIZE)
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


def train_model(
    model: kl.models.VAE, images: np.ndarray, arguments: argparse.Namespace, log: Path
) -> None:
    """Train with a learning rate that falls twice."""
    steps = len(images) // BATCH_SIZE
    epochs_done = len(log.read_text().splitlines()) - 1 if log.exists() else 0

    def learning_rate(epoch: int) -> float:
        """From 1e-3 to 1e-4 in three quarters of the epochs, then from 5e-4 to 0."""
        progress = epoch / arguments.epochs
        if progress < 0.75:
            return 1e-3 * 0.1 ** (progress / 0.75)
        return 2.5e-4 * (1 + math.cos(math.pi * (progress - 0.75) / 0.25))

    model.compile(keras.optimizers.Adam(1e-3, epsilon=1e-4), steps_per_execution=steps)
    model.fit(
        training_data(images, epochs_done, arguments.epochs, arguments.seed),
        steps_per_epoch=steps,
        epochs=arguments.epochs,
        shuffle=False,
        verbose=2,
        callbacks=[
            EpochSeconds(),
            keras.callbacks.LearningRateScheduler(learning_rate),
            keras.callbacks.BackupAndRestore(str(arguments.output / "backup")),
            keras.callbacks.CSVLogger(str(log), append=True),
        ],
    )


def main() -> None:
    """Train, estimate the evidence, write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--test-digits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("runs/mnist_nll"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)

    keras.utils.set_random_seed(arguments.seed)
    train, _ = kl.datasets.arrays("mnist", "train")
    test, _ = kl.datasets.arrays("mnist", "test", limit=arguments.test_digits)
    test = binarized(test, seed=arguments.seed)
    log = arguments.output / "log.csv"
    saved = arguments.output / "model.keras"
    if saved.exists():
        model = kl.load_model(saved)
    else:
        model = build()
        train_model(model, train, arguments, log)
        model.save(saved)
    with open(log, newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    nll = -model.log_likelihood(test, num_samples=arguments.samples)
    result = {
        "nll": round(float(nll.mean()), 2),
        "standard_error": round(float(nll.std() / np.sqrt(len(nll))), 2),
        "published": PUBLISHED,
        "importance_samples": arguments.samples,
        "test_digits": len(test),
        "epochs": arguments.epochs,
        "training_minutes": round(seconds / 60, 1),
        "seed": arguments.seed,
    }
    kl.saving.write_text(arguments.output / "result.json", json.dumps(result, indent=2))
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
