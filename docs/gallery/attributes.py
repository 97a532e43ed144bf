"""Ones that turn into sevens
==========================

An attribute is a direction: the mean of the codes that have it minus the mean of those
that don't. Added to a code, more or less of it, the decoder draws the change.

.. image:: /gallery/attributes.png
   :alt: Ones that turn into sevens
"""

# sphinx_gallery_thumbnail_path = "gallery/attributes.png"

import keras_latent as kl

model = kl.applications.ConvVAE(weights="mnist")
images, labels = kl.datasets.arrays("mnist", "test", limit=1000)
codes = model.encode(images)

# %%
# The labels are needed here alone: the model never saw them.

direction = kl.latent_space.attribute_vector(codes[labels == 7], codes[labels == 1])
ones = images[labels == 1][:6]
figure = kl.plots.attribute_edits(
    model, ones, direction, strengths=(0.0, 0.25, 0.5, 0.75, 1.0)
)
kl.plots.save(figure, "attributes.png")
