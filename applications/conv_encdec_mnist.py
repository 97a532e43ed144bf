"""`ConvEncDec(weights="mnist")`."""

from typing import Any

import keras

import keras_latent as kl
from applications.mnist_measures import measure, with_targets
from applications.recipe import Recipe, main


def measured(model: kl.models.LatentModel) -> dict[str, Any]:
    """What the card shows."""
    targets = {"knn": ("≥", 96.5), "probe": ("≥", 93), "mse": ("≤", 0.012)}
    return with_targets(measure(model), targets)


RECIPE = Recipe(
    name="conv_encdec_mnist",
    builder=kl.applications.ConvEncDec,
    dataset="mnist",
    measure=measured,
    epochs=15,
    batch_size=64,
    optimizer=keras.optimizers.RMSprop,
    learning_rate=3e-4,
    notes="The linear probe missed its aim with this, the only length that was tried.",
)

if __name__ == "__main__":
    main(RECIPE)
