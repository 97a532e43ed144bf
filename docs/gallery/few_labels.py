"""Five hundred labels and ten thousand images
===========================================

A constrained autoencoder reconstructs all images and tells the classes of those whose
label is known; the others have the label -1. The same code serves both.

.. image:: /gallery/few_labels.png
   :alt: Five hundred labels and ten thousand images
"""

# sphinx_gallery_thumbnail_path = "gallery/few_labels.png"

import numpy as np

import keras_latent as kl

images, labels = kl.datasets.arrays("mnist", "train", limit=10000)
some = np.where(np.arange(len(labels)) < 500, labels, -1)

# %%
# A head is a classifier on the code, trained together with the reconstruction.

model = kl.models.ConstrainedAutoencoder(
    kl.networks.dense_encoder((28, 28, 1)),
    kl.networks.dense_decoder((28, 28, 1), latent_dim=16),
    heads=10,
    classification_weight=200.0,
)
model.compile("adam")
model.fit(images, some, epochs=10, batch_size=128, verbose=0)

# %%
# Codes of test images by t-SNE; colours are their true classes.

tests, classes = kl.datasets.arrays("mnist", "test", limit=1000)
accuracy = (np.argmax(model.classify(tests), axis=-1) == classes).mean()
print(f"accuracy of the head, from 500 labels: {accuracy:.1%}")

points = kl.latent_space.project(model.encode(tests), method="tsne")
figure = kl.plots.projection(points, labels=classes)
kl.plots.save(figure, "few_labels.png")
