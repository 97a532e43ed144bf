"""The classifier whose features are inverted."""

import keras
import numpy as np

import keras_latent as kl

BATCH_SIZE = 128


def build_features(
    image_shape: tuple[int, int, int], features: int = 128
) -> keras.Model:
    """Strided convolutions and a hidden layer: what a classifier knows of an image.

    Args:
        image_shape: (height, width, channels).
        features: Units of the hidden layer.
    """
    encoder = kl.networks.convolutional_encoder(image_shape)
    x = keras.layers.Flatten()(encoder.output)
    x = keras.layers.Dense(features, "relu", name="features")(x)
    return keras.Model(encoder.input, x, name="feature_extractor")


def train_classifier(
    extractor: keras.Model, dataset: str, seed: int, epochs: int = 10
) -> keras.Model:
    """Train features to tell the labels of a dataset.

    Args:
        extractor: The model from images to features, which is trained in place.
        dataset: A name that `datasets.load` takes, with classes as labels.
        seed: Seed of the order of the images.
        epochs: Passes over the training images; the learning rate falls from 1e-3 to 0.

    Returns:
        The classifier, from images to logits.
    """
    _, labels = kl.datasets.arrays(dataset, "train")
    images, steps = kl.datasets.epochs(dataset, "train", BATCH_SIZE, seed=seed)
    classifier = keras.Sequential(
        [
            extractor,
            keras.layers.Dropout(0.5),
            keras.layers.Dense(int(np.max(labels)) + 1, name="logits"),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * steps)
    classifier.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit(images, steps_per_epoch=steps, epochs=epochs, verbose=2)
    return classifier
