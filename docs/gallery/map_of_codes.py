"""A map of digits that nobody labelled
====================================

The codes of a pretrained autoencoder, drawn side by side by t-SNE. Colours are the
labels, which the model never saw.

.. image:: /gallery/map_of_codes.png
   :alt: A map of digits that nobody labelled
"""

# sphinx_gallery_thumbnail_path = "gallery/map_of_codes.png"

import keras_latent as kl

model = kl.applications.ConvAutoencoder(weights="mnist")
images, labels = kl.datasets.arrays("mnist", "test", limit=800)
points = kl.latent_space.project(model.encode(images), method="tsne")

# %%
# Images stand where their codes are; those that would hide others are left out.

figure = kl.plots.projection(points, images=images, labels=labels)
kl.plots.save(figure, "map_of_codes.png")
