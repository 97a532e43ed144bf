"""Images as eight by eight words
==============================

A VQ-VAE writes an image as a map of tokens, each one of 64 codes. The codes start at
centroids of the first batch, and those that nobody uses begin anew.

.. image:: /gallery/tokens.png
   :alt: Images as eight by eight words
"""

# sphinx_gallery_thumbnail_path = "gallery/tokens.png"

import keras_latent as kl

images, _ = kl.datasets.arrays("shapes", "train", limit=2000)
model = kl.models.VQVAE.for_images(
    (32, 32, 3),
    code_shape=(8, 8, 8),
    quantizer=kl.quantizers.VectorQuantizer(64, kmeans_init=True),
)
model.compile("adam")
model.fit(images, epochs=4, batch_size=64, verbose=2)

# %%
# The map of tokens of one image, and reconstructions from nothing but such maps.

tests, _ = kl.datasets.arrays("shapes", "test", limit=10)
print(model.tokens(tests[:1])[0])
figure = kl.plots.reconstructions(model, tests)
kl.plots.save(figure, "tokens.png")
