"""Networks of your own.

Any Keras model is an encoder, any Keras model is a decoder: the library adds the code
between them, the objective and the training step.
"""

from pathlib import Path

import keras

import keras_latent as kl

layers = keras.layers
encoder = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 5, strides=4, activation="gelu"),
        layers.Conv2D(32, 3, strides=2, activation="gelu"),
        layers.Flatten(),
    ]
)
decoder = keras.Sequential(
    [
        keras.Input((12,)),
        layers.Dense(256, activation="gelu"),
        layers.Dense(28 * 28, activation="sigmoid"),
        layers.Reshape((28, 28, 1)),
    ]
)

images, _ = kl.datasets.arrays("mnist", "train", limit=20000)
model = kl.models.VAE(encoder, decoder, beta=1.0)
model.compile("adam")
model.fit(images, epochs=6, batch_size=128, verbose=2)

tests, _ = kl.datasets.arrays("mnist", "test", limit=20)
figure = kl.plots.reconstructions(model, tests)
kl.plots.save(figure, Path(__file__).with_suffix(".png"))
