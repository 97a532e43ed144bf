"""Digits out of noise
===================

A denoising autoencoder is given digits with noise and reconstructs them as they were.
Its corruption is any Keras layer, and acts in training alone: here noise is added by
hand to what it is shown afterwards.

.. image:: /gallery/noise.png
   :alt: Digits out of noise
"""

# sphinx_gallery_thumbnail_path = "gallery/noise.png"

import keras
import numpy as np

import keras_latent as kl

images, _ = kl.datasets.arrays("mnist", "train", limit=10000)
model = kl.models.DenoisingAutoencoder(
    kl.networks.dense_encoder((28, 28, 1)),
    kl.networks.dense_decoder((28, 28, 1), latent_dim=32),
    corruption=keras.layers.GaussianNoise(0.4),
)
model.compile("adam")
model.fit(images, epochs=15, batch_size=128, verbose=0)

# %%
# Above what the model is given, below what it makes of it.

tests, _ = kl.datasets.arrays("mnist", "test", limit=10)
noise = np.random.default_rng(0).normal(0.0, 0.4, tests.shape)
noisy = np.clip(tests + noise, 0.0, 1.0).astype("float32")
figure = kl.plots.reconstructions(model, noisy)
kl.plots.save(figure, "noise.png")
