"""All digits on one sheet
=======================

A code of two numbers is a map: each place, decoded, is a picture. The grid's steps are
quantiles of the prior, so that each picture stands for as many draws.

.. image:: /gallery/manifold.png
   :alt: All digits on one sheet
"""

# sphinx_gallery_thumbnail_path = "gallery/manifold.png"

import keras_latent as kl

images, _ = kl.datasets.arrays("mnist", "train", limit=20000)
model = kl.models.VAE(
    kl.networks.dense_encoder((28, 28, 1)),
    kl.networks.dense_decoder((28, 28, 1), latent_dim=2),
)
model.compile("adam")
model.fit(images, epochs=12, batch_size=128, verbose=0)

# %%
# No image is encoded for this picture: it shows the decoder alone.

figure = kl.plots.manifold_grid(model, size=12)
kl.plots.save(figure, "manifold.png")
