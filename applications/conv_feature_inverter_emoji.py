"""`ConvFeatureInverter(weights="emoji")`: a classifier first, then its decoder."""

from typing import Any

import keras

import keras_latent as kl
from applications.emoji_augmentation import vary
from applications.inversion_measures import measure
from applications.recipe import Recipe, main
from keras_latent.cli.classifier import train_classifier


def classify(model: kl.models.LatentModel, seed: int) -> None:
    """Train the features to tell the labels."""
    train_classifier(model.feature_extractor, "emoji", seed)


def measured(model: kl.models.LatentModel) -> dict[str, Any]:
    """What the card shows."""
    return measure(model, "emoji")


RECIPE = Recipe(
    name="conv_feature_inverter_emoji",
    builder=kl.applications.ConvFeatureInverter,
    dataset="emoji",
    measure=measured,
    epochs=25,
    batch_size=64,
    optimizer=keras.optimizers.Adam,
    learning_rate=5e-4,
    prepare=classify,
    augment=vary,
    notes="Before, the features learned to tell the classes in 10 epochs. Minutes are "
    "those of the decoder and the extra encoder.",
    has_rivals=False,
)

if __name__ == "__main__":
    main(RECIPE)
