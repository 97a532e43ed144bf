"""`VAE.fit` against a hand-written `tf.function` loop with the same arithmetic.

A 784-512-16-512-784 network and batches of 128 MNIST digits, both fed by the same
`tf.data` pipeline. The loop does the least that a training can do: it neither logs nor
weighs, and knows of no replicas.

    python benchmarks/fit_overhead.py
"""

import argparse
import functools
from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers
from timing import best_seconds, table

import keras_latent as kl

BATCH_SIZE = 128
LATENT_DIM = 16


def networks() -> tuple[keras.Model, keras.Model]:
    """The encoder up to its features, and the decoder to its logits."""
    shape = (28, 28, 1)
    return (
        kl.networks.dense_encoder(shape, widths=(512,)),
        kl.networks.dense_decoder(
            shape, LATENT_DIM, widths=(512,), output_activation=None
        ),
    )


def hand_written(dataset: tf.data.Dataset, steps_per_call: int) -> Callable[[], None]:
    """A function that trains a VAE on the whole dataset."""
    encoder, decoder = networks()
    head = layers.Dense(2 * LATENT_DIM)
    head.build((None, 512))
    variables = [
        *encoder.trainable_variables,
        *head.trainable_variables,
        *decoder.trainable_variables,
    ]
    optimizer = keras.optimizers.Adam()
    optimizer.build(variables)

    def step(x: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            mean, log_var = tf.split(head(encoder(x, training=True)), 2, axis=-1)
            z = mean + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))
            logits = decoder(z, training=True)
            likelihood = tf.nn.sigmoid_cross_entropy_with_logits(x, logits)
            reconstruction = tf.reduce_sum(likelihood, axis=(1, 2, 3))
            kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1.0 - log_var, axis=1)
            loss = tf.reduce_mean(reconstruction + kl)
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    @tf.function
    def several_steps(iterator: tf.data.Iterator) -> None:
        for _ in tf.range(steps_per_call):
            step(next(iterator)[0])

    def epoch() -> None:
        iterator = iter(dataset)
        for _ in range(len(dataset) // steps_per_call):
            several_steps(iterator)

    return epoch


def main() -> None:
    """Time both and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=160)
    arguments = parser.parse_args()
    split = f"train[:{arguments.steps * BATCH_SIZE}]"
    dataset = kl.datasets.load("mnist", split, BATCH_SIZE).cache()
    for steps_per_execution in (1, 16):
        model = kl.models.VAE(
            *networks(), likelihood=kl.likelihoods.Bernoulli(from_logits=True)
        )
        model.compile("adam", steps_per_execution=steps_per_execution)
        seconds = best_seconds(
            {
                "`VAE.fit`": functools.partial(model.fit, dataset, verbose=0),
                "hand-written loop": hand_written(dataset, steps_per_execution),
            },
            rounds=arguments.rounds,
        )
        print(f"{steps_per_execution} steps in one call\n")
        print(table(seconds, arguments.steps), "\n")


if __name__ == "__main__":
    main()
