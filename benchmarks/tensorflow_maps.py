"""Training steps of models of maps in TensorFlow, written by hand.

One pass of the critic serves both players, as in the library.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import layers

import keras_latent as kl

Tensor = Any
Step = Callable[[Tensor, Tensor], None]

SHAPE = (28, 28, 1)


def plain_networks(channels: int) -> tuple[keras.Model, keras.Model]:
    """`map_encoder` and `map_decoder` of a code of 7 × 7."""
    code_shape = (7, 7, channels)
    return (
        kl.networks.map_encoder(SHAPE, code_shape),
        kl.networks.map_decoder(SHAPE, code_shape),
    )


class MapNetworks:
    """`map_encoder`, a 1×1 convolution to the code, and `map_decoder`.

    Args:
        channels: Of the code, a map of 7 × 7.
        heads: Of the code: 1, or 2 for mean and log variance.
    """

    def __init__(self, channels: int, heads: int = 1) -> None:
        self.encoder, self.decoder = plain_networks(channels)
        self.head = layers.Conv2D(heads * channels, 1)
        self.head.build(self.encoder.output_shape)

    def variables(self) -> list[keras.Variable]:
        """What training moves."""
        moved = [self.encoder, self.head, self.decoder]
        return [v for network in moved for v in network.trainable_variables]


def squared(a: Tensor, b: Tensor) -> Tensor:
    """Squared distance, summed over an image, mean over the batch."""
    return tf.reduce_mean(tf.reduce_sum(tf.square(a - b), (1, 2, 3)))


def made_for(variables: list[keras.Variable]) -> keras.optimizers.Optimizer:
    """An optimizer with variables."""
    optimizer = keras.optimizers.Adam()
    optimizer.build(variables)
    return optimizer


def vqvae(channels: int, codes: int = 512, decay: float = 0.99) -> Step:
    """A step of −log p(x | D(c)) and the commitment; running means move the table."""
    networks = MapNetworks(channels)
    moved = networks.variables()
    optimizer = made_for(moved)
    bound = 1.0 / codes
    table = tf.Variable(tf.random.uniform((codes, channels), -bound, bound))
    counts, sums = tf.Variable(tf.ones(codes)), tf.Variable(table)

    def step(x: Tensor, y: Tensor) -> None:
        with tf.GradientTape() as tape:
            e = networks.head(networks.encoder(x, training=True))
            rows = tf.stop_gradient(tf.reshape(e, (-1, channels)))
            scores = tf.reduce_sum(tf.square(table), 1)
            scores -= 2.0 * tf.matmul(rows, table, transpose_b=True)
            nearest = tf.argmin(scores, axis=1)
            c = tf.reshape(tf.gather(table, nearest), tf.shape(e))
            generated = networks.decoder(e + tf.stop_gradient(c - e), training=True)
            loss = 0.5 * squared(generated, x) + 0.25 * squared(e, c)
        gradients = tape.gradient(loss, moved)
        optimizer.apply_gradients(zip(gradients, moved, strict=True))
        ones = tf.ones_like(nearest, tf.float32)
        n = tf.math.unsorted_segment_sum(ones, nearest, codes)
        total = tf.math.unsorted_segment_sum(rows, nearest, codes)
        counts.assign(decay * counts + (1 - decay) * n)
        sums.assign(decay * sums + (1 - decay) * total)
        everything = tf.reduce_sum(counts)
        smoothed = (counts + 1e-5) / (everything + codes * 1e-5)
        table.assign(sums / (smoothed * everything)[:, None])

    return step


def autoencoder_kl(channels: int) -> Step:
    """A step of the model and of its critic, from one pass."""
    networks = MapNetworks(channels, heads=2)
    critic = kl.networks.patch_critic(SHAPE)
    moved, judging = networks.variables(), critic.trainable_variables
    optimizer, critic_optimizer = made_for(moved), made_for(judging)

    def step(x: Tensor, y: Tensor) -> None:
        with tf.GradientTape(persistent=True) as tape:
            code = networks.head(networks.encoder(x, training=True))
            mean, log_var = tf.split(code, 2, axis=-1)
            z = mean + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))
            generated = networks.decoder(z, training=True)
            kl = 0.5 * (mean**2 + tf.exp(log_var) - 1.0 - log_var)
            real, told = critic(x, training=True), critic(generated, training=True)
            loss = 0.5 * squared(generated, x)
            loss += 1e-6 * tf.reduce_mean(tf.reduce_sum(kl, (1, 2, 3)))
            loss -= 0.1 * 28 * 28 * tf.reduce_mean(told)
            hinges = tf.nn.relu(1.0 - real) + tf.nn.relu(1.0 + told)
            judgement = 0.5 * tf.reduce_mean(hinges)
        gradients = tape.gradient(loss, moved), tape.gradient(judgement, judging)
        optimizer.apply_gradients(zip(gradients[0], moved, strict=True))
        critic_optimizer.apply_gradients(zip(gradients[1], judging, strict=True))

    return step
