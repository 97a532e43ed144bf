"""An autoencoder that begins as principal components, and can only add to them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np

import keras_latent as kl

layers = keras.layers


def beside_components(
    images: Callable[[], Iterable[np.ndarray]],
    image_shape: Sequence[int],
    numbers: int,
    **residual: Any,
) -> kl.models.Autoencoder:
    """Residual networks beside principal components, which stay as they are.

    The code is that of the components, each of unit variance, plus what the encoder
    adds, and the picture theirs plus what the decoder adds; both begin by adding
    nothing.

    Args:
        images: Gives one pass over the training images, in batches.
        image_shape: (height, width, channels).
        numbers: The size of the code.
        **residual: Arguments of the residual networks.
    """
    mean, directions = kl.metrics.principal_components(images, numbers)
    flat_mean = mean.reshape(-1)
    squares = [
        ((batch.reshape(len(batch), -1) - flat_mean) @ directions.T) ** 2
        for batch in images()
    ]
    scale = np.sqrt(np.concatenate(squares).mean(axis=0))

    image = keras.Input(tuple(image_shape))
    features = kl.networks.residual_encoder(image_shape, **residual)(image)
    projection = layers.Dense(numbers, trainable=False)
    parts = [layers.Flatten()(features), projection(layers.Flatten()(image))]
    encoder = keras.Model(image, layers.Concatenate()(parts), name="encoder")
    kernel = (directions / scale[:, None]).T
    projection.set_weights([kernel, -flat_mean @ kernel])

    code = keras.Input((numbers,))
    networks = kl.networks.residual_decoder(image_shape, numbers, None, **residual)
    last = networks.layers[-2]
    last.set_weights([np.zeros_like(weights) for weights in last.get_weights()])
    picture = layers.Dense(flat_mean.size, trainable=False, dtype="float32")
    whole = layers.Reshape(tuple(image_shape))(picture(code))
    whole = layers.Add(dtype="float32")([whole, networks(code)])
    within = layers.ReLU(max_value=1.0, dtype="float32", name="image")(whole)
    decoder = keras.Model(code, within, name="decoder")
    picture.set_weights([scale[:, None] * directions, flat_mean])

    model = kl.models.Autoencoder(
        encoder, decoder, kl.likelihoods.Gaussian(scale=0.1, learn_scale=True)
    )
    kernel, bias = model.code.get_weights()
    kernel[:-numbers], kernel[-numbers:] = 0, np.eye(numbers)
    model.code.set_weights([kernel, np.zeros_like(bias)])
    return model
