"""One handwriting, ten digits
===========================

A conditional VAE is told the class of each image, so that its code holds all else: how
slanted, how bold, how wide. Each row decodes one code with each class.

.. image:: /gallery/conditions.png
   :alt: One handwriting, ten digits
"""

# sphinx_gallery_thumbnail_path = "gallery/conditions.png"

import keras
import numpy as np

import keras_latent as kl

images, labels = kl.datasets.arrays("mnist", "train", limit=10000)
model = kl.models.ConditionalVAE.for_images((28, 28, 1), latent_dim=6, num_classes=10)
model.compile("adam")
model.fit(images, labels, epochs=3, batch_size=128, verbose=2)

# %%
# Five codes are drawn from the prior, and each is decoded with ten classes.

rows = 5
code = np.random.default_rng(1).normal(size=(rows, 6)).astype("float32")
digits = np.tile(np.arange(10), rows)
pictures = model.decode(np.repeat(code, 10, axis=0), digits)

grid = np.concatenate([np.hstack(row) for row in np.split(pictures, rows)])
keras.utils.save_img("conditions.png", grid)
