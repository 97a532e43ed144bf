"""Networks of your own
====================

Any Keras model is an encoder, any Keras model is a decoder: the library adds the code
between them, the objective and the training step.

.. image:: /gallery/own_networks.png
   :alt: Networks of your own
"""

# sphinx_gallery_thumbnail_path = "gallery/own_networks.png"

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
# %%
# The encoder ends with features of any shape. The decoder starts from the code: its
# input says how many numbers that has.

decoder = keras.Sequential(
    [
        keras.Input((12,)),
        layers.Dense(256, activation="gelu"),
        layers.Dense(28 * 28, activation="sigmoid"),
        layers.Reshape((28, 28, 1)),
    ]
)

# %%
# What lies between is the objective's: a VAE adds the layers of a mean and a variance.

images, _ = kl.datasets.arrays("mnist", "train", limit=20000)
model = kl.models.VAE(encoder, decoder, beta=1.0)
model.compile("adam")
model.fit(images, epochs=6, batch_size=128, verbose=2)

tests, _ = kl.datasets.arrays("mnist", "test", limit=20)
figure = kl.plots.reconstructions(model, tests)
kl.plots.save(figure, "own_networks.png")
