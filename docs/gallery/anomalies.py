"""Which digits aren't sevens
==========================

An autoencoder that saw sevens alone reconstructs sevens. The threshold lets 5 % of
held-out sevens pass for anomalies; it needs no example of an anomaly.

.. image:: /gallery/anomalies.png
   :alt: Which digits aren't sevens
"""

# sphinx_gallery_thumbnail_path = "gallery/anomalies.png"

import numpy as np

import keras_latent as kl

images, labels = kl.datasets.arrays("mnist", "train", limit=20000)
sevens = images[labels == 7]
known, held_out = np.array_split(sevens, 2)

# %%
# Half of the sevens train the model. The other half stays unseen: errors of images that
# were trained on are smaller, and a threshold set by them would be too low.

model = kl.models.Autoencoder(
    kl.networks.dense_encoder((28, 28, 1)),
    kl.networks.dense_decoder((28, 28, 1), latent_dim=8),
)
model.compile("adam")
model.fit(known, epochs=15, batch_size=64, verbose=0)

# %%
# The score of an image is its reconstruction error.

tests, classes = kl.datasets.arrays("mnist", "test", limit=2000)
scores = kl.metrics.anomaly.reconstruction_scores(model, tests)
normal = kl.metrics.anomaly.reconstruction_scores(model, held_out)
threshold = kl.metrics.anomaly.threshold(normal, false_alarm_rate=0.05)
print(f"called anomalous: {(scores[classes != 7] > threshold).mean():.0%} of others,")
print(f"{(scores[classes == 7] > threshold).mean():.0%} of sevens")

figure = kl.plots.anomaly_scores(scores, classes != 7, threshold)
kl.plots.save(figure, "anomalies.png")
