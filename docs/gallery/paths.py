"""The way from one image to another
=================================

Between the codes of two images lie codes of images that were never seen. Each row goes
from a digit on the left to one on the right.

.. image:: /gallery/paths.png
   :alt: The way from one image to another
"""

# sphinx_gallery_thumbnail_path = "gallery/paths.png"

import keras_latent as kl

model = kl.applications.ConvVAE(weights="mnist")
images, _ = kl.datasets.arrays("mnist", "test", limit=12)
figure = kl.plots.interpolations(model, images[:6], images[6:], steps=9)
kl.plots.save(figure, "paths.png")
