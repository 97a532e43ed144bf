"""`ConvAutoencoder(weights="mnist")`."""

from typing import Any

import keras

import keras_latent as kl
from applications.mnist_measures import measure, with_targets
from applications.recipe import Recipe, main


def measured(model: kl.models.LatentModel) -> dict[str, Any]:
    """What the card shows."""
    return with_targets(measure(model), {"knn": ("≥", 97), "mse": ("≤", 0.005)})


RECIPE = Recipe(
    name="conv_autoencoder_mnist",
    builder=kl.applications.ConvAutoencoder,
    dataset="mnist",
    measure=measured,
    epochs=14,
    batch_size=64,
    optimizer=keras.optimizers.Adam,
    learning_rate=1e-3,
)

if __name__ == "__main__":
    main(RECIPE)
