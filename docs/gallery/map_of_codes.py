"""A map of digits that nobody labelled.

The codes of a pretrained autoencoder, drawn side by side by t-SNE. Colours are the
labels, which the model never saw.
"""

from pathlib import Path

import keras_latent as kl

model = kl.applications.ConvAutoencoder(weights="mnist")
images, labels = kl.datasets.arrays("mnist", "test", limit=800)
points = kl.latent_space.project(model.encode(images), method="tsne")

figure = kl.plots.projection(points, images=images, labels=labels)
kl.plots.save(figure, Path(__file__).with_suffix(".png"))
