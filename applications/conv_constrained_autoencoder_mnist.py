"""`ConvConstrainedAutoencoder(weights="mnist")`: all digits with their labels."""

from typing import Any

import keras

import keras_latent as kl
from applications.mnist_measures import measure
from applications.recipe import Recipe, main


def measured(model: kl.models.LatentModel) -> dict[str, Any]:
    """What the card shows."""
    images, labels = kl.datasets.arrays("mnist", "test")
    told = keras.ops.convert_to_numpy(model.classify(images)).argmax(axis=1)
    accuracy = {
        "what": "accuracy of the model's own head",
        "value": 100 * float((told == labels).mean()),
        "unit": " %",
    }
    return {**measure(model), "accuracy": accuracy}


RECIPE = Recipe(
    name="conv_constrained_autoencoder_mnist",
    builder=kl.applications.ConvConstrainedAutoencoder,
    dataset="mnist",
    measure=measured,
    epochs=12,
    batch_size=64,
    optimizer=keras.optimizers.Adam,
    learning_rate=1e-3,
)

if __name__ == "__main__":
    main(RECIPE)
