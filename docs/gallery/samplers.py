"""An autoencoder that generates
=============================

An autoencoder has no prior to draw from. A mixture of Gaussians, fitted to the codes of
a trained one, has: what it draws, the decoder draws as digits.

.. image:: /gallery/samplers.png
   :alt: An autoencoder that generates
"""

# sphinx_gallery_thumbnail_path = "gallery/samplers.png"

import keras
import numpy as np

import keras_latent as kl

model = kl.applications.ConvAutoencoder(weights="mnist")
images, _ = kl.datasets.arrays("mnist", "train", limit=5000)

# %%
# The sampler encodes the images, fits the mixture to the codes, and decodes its draws.

sampler = kl.samplers.GaussianMixture(model, components=50)
sampler.fit(images)
drawn = sampler.sample(40, seed=0)

grid = np.concatenate([np.hstack(row) for row in np.split(drawn, 4)])
pixels = 255 * np.clip(grid, 0, 1)
keras.utils.save_img("samplers.png", pixels, scale=False)
