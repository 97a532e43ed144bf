"""The classifier whose features are inverted."""

import keras
import numpy as np

import keras_latent as kl

BATCH_SIZE = 128


def build_classifier(
    image_shape: tuple[int, int, int], classes: int, features: int = 128
) -> keras.Model:
    """Strided convolutions, one hidden layer named `features`, and logits.

    Args:
        image_shape: (height, width, channels).
        classes: Number of classes.
        features: Units of the hidden layer.
    """
    backbone = kl.networks.convolutional_encoder(image_shape, name="backbone")
    x = keras.layers.Flatten()(backbone.output)
    x = keras.layers.Dense(features, "relu", name="features")(x)
    x = keras.layers.Dropout(0.5)(x)
    return keras.Model(backbone.input, keras.layers.Dense(classes, name="logits")(x))


def hidden_features(classifier: keras.Model) -> keras.Model:
    """The part of a classifier up to its hidden layer; it shares the weights."""
    hidden = classifier.get_layer("features").output
    return keras.Model(classifier.input, hidden, name="feature_extractor")


def trained_classifier(dataset: str, seed: int, epochs: int = 10) -> keras.Model:
    """Train a classifier on the labels of a dataset.

    Args:
        dataset: A name that `datasets.load` takes, with classes as labels.
        seed: Seed of the order of the images.
        epochs: Passes over the training images; the learning rate falls from 1e-3 to 0.
    """
    _, labels = kl.datasets.arrays(dataset, "train")
    images, steps = kl.datasets.epochs(dataset, "train", BATCH_SIZE, seed=seed)
    shape = kl.datasets.image_shape(dataset)
    classifier = build_classifier(shape, int(np.max(labels)) + 1)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * steps)
    classifier.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit(images, steps_per_epoch=steps, epochs=epochs, verbose=2)
    return classifier
