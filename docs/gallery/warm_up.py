"""A divergence that comes in slowly
=================================

The weight of the divergence rises from 0 to 1 during the first half of the training:
the decoder learns to use the code before the prior presses on it. No new graph is made.

.. image:: /gallery/warm_up.png
   :alt: A divergence that comes in slowly
"""

# sphinx_gallery_thumbnail_path = "gallery/warm_up.png"

import keras_latent as kl

images, _ = kl.datasets.arrays("mnist", "train", limit=10000)
model = kl.models.VAE(
    kl.networks.dense_encoder((28, 28, 1)),
    kl.networks.dense_decoder((28, 28, 1), latent_dim=16),
)
model.compile("adam")
rise = kl.callbacks.WeightSchedule("beta", kl.callbacks.Linear(0.0, 1.0, duration=10))
history = model.fit(
    images,
    epochs=20,
    batch_size=128,
    validation_split=0.1,
    callbacks=[rise],
    verbose=0,
)
# %%
# All terms of all epochs stand in the history, each in nats an image.

figure = kl.plots.learning_curves(history.history)
kl.plots.save(figure, "warm_up.png")
