"""`ConvKLAutoencoder(weights="pictures")`."""

import keras

import keras_latent as kl
from applications.emoji_augmentation import vary
from applications.picture_measures import measure
from applications.recipe import Recipe, main

RECIPE = Recipe(
    name="conv_kl_autoencoder_pictures",
    builder=kl.applications.ConvKLAutoencoder,
    dataset="pictures",
    measure=measure,
    epochs=30,
    batch_size=64,
    optimizer=keras.optimizers.Adam,
    learning_rate=1e-3,
    augment=vary,
    notes="The images are mirrored, shifted by up to 4 pixels, and a quarter of them "
    "have their colours swapped. Trained under `mixed_bfloat16`.",
    policy="mixed_bfloat16",
    has_rivals=False,
)

if __name__ == "__main__":
    main(RECIPE)
