"""The way from one image to another.

Between the codes of two images lie codes of images that were never seen. Each row goes
from a digit on the left to one on the right.
"""

from pathlib import Path

import keras_latent as kl

model = kl.applications.ConvVAE(weights="mnist")
images, _ = kl.datasets.arrays("mnist", "test", limit=12)
figure = kl.plots.interpolations(model, images[:6], images[6:], steps=9)
kl.plots.save(figure, Path(__file__).with_suffix(".png"))
