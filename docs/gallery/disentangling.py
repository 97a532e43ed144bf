"""One number for one factor
=========================

Shapes differ in place, size, rotation and colour. A weight on the total correlation
presses the elements of the code apart; each row moves one of them alone. The mutual
information gap says how well one element stands for one factor.

.. image:: /gallery/disentangling.png
   :alt: One number for one factor
"""

# sphinx_gallery_thumbnail_path = "gallery/disentangling.png"

import keras

import keras_latent as kl

keras.utils.set_random_seed(0)
images, factors = kl.datasets.arrays("shapes", "train", image_size=16)
model = kl.models.BetaTCVAE(
    kl.networks.dense_encoder((16, 16, 3)),
    kl.networks.dense_decoder((16, 16, 3), latent_dim=6),
    dataset_size=len(images),
    total_correlation_weight=4.0,
)
model.compile("adam")
model.fit(images, epochs=30, batch_size=128, verbose=0)

# %%
# Each row of the picture is one element of the code, from three standard deviations
# below the prior's mean to three above.

codes = model.encode(images)
print("MIG", float(kl.metrics.disentanglement.mig(codes, factors)))
figure = kl.plots.traversals(model, codes[0])
kl.plots.save(figure, "disentangling.png")
