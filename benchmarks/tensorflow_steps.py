"""Training steps in TensorFlow, written by hand, with the objectives of this library.

They do the least that a training can do: they neither log nor weigh, and know of no
replicas. `EncDec` passes the generated images through its encoder once and takes two
gradients of it, as the library does.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from keras_latent.gradients import shared_pass

Tensor = Any
Objective = Callable[["Networks", Tensor, Tensor], Tensor]


class Networks:
    """Encoder, heads of the code, and decoder.

    Args:
        encoder: From images to features, a vector or a map.
        decoder: From codes to images or logits, or from [features, extra numbers].
        latent_dim: Length of the code.
        heads: Heads of the code: 1, or 2 for mean and log variance.
        extractor: A frozen network, whose features are a part of the code, or `None`.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        latent_dim: int,
        heads: int = 1,
        extractor: Any = None,
    ) -> None:
        self.encoder = encoder
        self.decoder = decoder
        self.extractor = extractor
        self.head = keras.Sequential(
            [layers.Flatten(), layers.Dense(heads * latent_dim)]
        )
        self.head.build(encoder.output_shape)
        self.classifier = layers.Dense(10)
        self.classifier.build((None, latent_dim))

    def encode(self, x: Tensor) -> Tensor:
        """The code, or mean and log variance side by side."""
        return self.head(self.encoder(x, training=True))

    def decode(self, z: Tensor) -> Tensor:
        """The image, or logits."""
        return self.decoder(z, training=True)

    def variables(self, objective: Objective) -> list[keras.Variable]:
        """What an objective moves."""
        moved = [self.encoder, self.decoder]
        if self.extractor is None:
            moved.append(self.head)
        if objective is constrained:
            moved.append(self.classifier)
        return [v for network in moved for v in network.trainable_variables]


def gaussian(x: Tensor, mean: Tensor) -> Tensor:
    """−log N(x; mean, 1), mean over the batch, without its constant."""
    return tf.reduce_mean(0.5 * tf.reduce_sum(tf.square(x - mean), (1, 2, 3)))


def drawn(parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A draw of the posterior, its mean and its log variance."""
    mean, log_var = tf.split(parameters, 2, axis=-1)
    noise = tf.random.normal(tf.shape(mean))
    return mean + tf.exp(0.5 * log_var) * noise, mean, log_var


def autoencoder(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x | D(E(x)))."""
    return gaussian(x, networks.decode(networks.encode(x)))


def sparse(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """And the activity of the code."""
    z = networks.encode(x)
    activity = tf.reduce_mean(tf.reduce_sum(tf.abs(z), axis=-1))
    return gaussian(x, networks.decode(z)) + 0.1 * activity


def denoising(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """The image is masked before it's encoded."""
    kept = tf.cast(tf.random.uniform(tf.shape(x)) >= 0.3, x.dtype)
    return gaussian(x, networks.decode(networks.encode(x * kept)))


def contractive(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """And the norm of the encoder's Jacobian, by one probe."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = networks.encode(x)
        projection = tf.reduce_sum(z * tf.random.normal(tf.shape(z)))
    row = tape.gradient(projection, x)
    norm = tf.reduce_mean(tf.reduce_sum(tf.square(row), (1, 2, 3)))
    return gaussian(x, networks.decode(z)) + 0.1 * norm


def vae(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x|z) of binary pixels, and KL(q(z|x) ‖ N(0, I))."""
    z, mean, log_var = drawn(networks.encode(x))
    logits = networks.decode(z)
    likelihood = tf.nn.sigmoid_cross_entropy_with_logits(x, logits)
    kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1.0 - log_var, axis=1)
    return tf.reduce_mean(tf.reduce_sum(likelihood, (1, 2, 3)) + kl)


def different(a: Tensor, b: Tensor) -> Tensor:
    """½·max(1 − d(a, b), 0)², mean over the batch."""
    distance = tf.sqrt(tf.reduce_mean(tf.square(a - b), axis=1) + 1e-12)
    return tf.reduce_mean(0.5 * tf.square(tf.nn.relu(1.0 - distance)))


def encdec(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """The three contrasts of codes."""
    z = networks.encode(x)
    cycled, stopped = shared_pass(networks.encode, networks.decode(z))
    cycle = tf.reduce_mean(0.5 * tf.square(cycled - z))
    return cycle + different(z[0::2], z[1::2]) + 2.0 * different(stopped, z)


def variational_encdec(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """The three contrasts of drawn codes, and the divergence of the variances."""
    z, _, log_var = drawn(networks.encode(x))

    def encode(x: Tensor) -> list[Tensor]:
        return tf.split(networks.encode(x), 2, axis=-1)

    live, stopped = shared_pass(encode, networks.decode(z))
    (cycled, cycled_log_var), (stopped, stopped_log_var) = live, stopped
    shares = ((0.25, log_var), (0.25, cycled_log_var), (0.5, stopped_log_var))
    kl = sum(
        share * 0.5 * tf.reduce_mean(tf.reduce_sum(tf.exp(log) - 1.0 - log, axis=1))
        for share, log in shares
    )
    cycle = tf.reduce_mean(0.5 * tf.square(cycled - z))
    contrast = different(z[0::2], z[1::2]) + 2.0 * different(stopped, z)
    return cycle + contrast + 1e-3 * kl


def constrained(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x | D(E(x))), and the cross-entropy of a linear head."""
    z = networks.encode(x)
    classification = tf.nn.sparse_softmax_cross_entropy_with_logits(
        y, networks.classifier(z)
    )
    return gaussian(x, networks.decode(z)) + tf.reduce_mean(classification)


def inversion(networks: Networks, x: Tensor, y: Tensor) -> Tensor:
    """−log p(x | D(f(x), n(x))); the encoder gives n."""
    f = networks.extractor(x, training=False)
    return gaussian(x, networks.decode([f, networks.encoder(x, training=True)]))


OBJECTIVES: dict[str, Objective] = {
    "Autoencoder": autoencoder,
    "SparseAutoencoder": sparse,
    "DenoisingAutoencoder": denoising,
    "ContractiveAutoencoder": contractive,
    "VAE": vae,
    "EncDec": encdec,
    "VariationalEncDec": variational_encdec,
    "ConstrainedAutoencoder": constrained,
    "FeatureInverter": inversion,
}


def training_step(
    networks: Networks, objective: Objective
) -> Callable[[Tensor, Tensor], None]:
    """A function that takes one step on images and labels."""
    variables = networks.variables(objective)
    optimizer = keras.optimizers.Adam()
    optimizer.build(variables)

    def step(x: Tensor, y: Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = objective(networks, x, y)
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))

    return step


def epoch(
    step: Callable[[Tensor, Tensor], None],
    dataset: tf.data.Dataset,
    steps_per_call: int = 1,
) -> Callable[[], None]:
    """A function that trains once on a dataset of images and labels."""

    @tf.function
    def several_steps(iterator: tf.data.Iterator) -> None:
        for _ in tf.range(steps_per_call):
            step(*next(iterator))

    def run() -> None:
        iterator = iter(dataset)
        for _ in range(len(dataset) // steps_per_call):
            several_steps(iterator)

    return run
