"""An autoencoder that generates.

An autoencoder has no prior to draw from. A mixture of Gaussians, fitted to the codes of
a trained one, has: what it draws, the decoder draws as digits.
"""

from pathlib import Path

import keras
import numpy as np

import keras_latent as kl

model = kl.applications.ConvAutoencoder(weights="mnist")
images, _ = kl.datasets.arrays("mnist", "train", limit=5000)

sampler = kl.samplers.GaussianMixture(model, components=50)
sampler.fit(images)
drawn = sampler.sample(40, seed=0)

grid = np.concatenate([np.hstack(row) for row in np.split(drawn, 4)])
pixels = 255 * np.clip(grid, 0, 1)
keras.utils.save_img(Path(__file__).with_suffix(".png"), pixels, scale=False)
