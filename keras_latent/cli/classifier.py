"""The classifier whose features are inverted."""

import keras
import numpy as np

from keras_latent import datasets, networks
from keras_latent.datasets.loading import Name

BATCH_SIZE = 128


def build_features(
    image_shape: tuple[int, int, int], features: int = 128
) -> keras.Model:
    """Strided convolutions and a hidden layer: what a classifier knows of an image.

    Args:
        image_shape: (height, width, channels).
        features: Units of the hidden layer.
    """
    encoder = networks.convolutional_encoder(image_shape)
    x = keras.layers.Flatten()(encoder.output)
    x = keras.layers.Dense(features, "relu", name="features")(x)
    return keras.Model(encoder.input, x, name="feature_extractor")


def train_classifier(
    extractor: keras.Model,
    dataset: Name,
    seed: int,
    epochs: int = 10,
    image_size: int | None = None,
) -> keras.Model:
    """Train features to tell the labels of a dataset.

    Args:
        extractor: The model from images to features, which is trained in place.
        dataset: A name that `datasets.load` takes, with classes as labels.
        seed: Seed of the order of the images.
        epochs: Passes over the training images; the learning rate falls from 1e-3 to 0.
        image_size: Side in pixels to which images are resized; `None` keeps their size.

    Returns:
        The classifier, from images to logits.
    """
    classes = count_classes(dataset, image_size)
    images, steps = datasets.epochs(
        dataset, "train", BATCH_SIZE, seed=seed, image_size=image_size
    )
    classifier = keras.Sequential(
        [
            extractor,
            keras.layers.Dropout(0.5),
            keras.layers.Dense(classes, name="logits"),
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


def count_classes(dataset: Name, image_size: int | None = None) -> int:
    """How many classes the labels of a dataset have.

    Args:
        dataset: What `datasets.load` takes.
        image_size: As for `datasets.load`. Defaults to `None`.

    Raises:
        ValueError: If its labels aren't classes, or all training images have one.
    """
    opened = dataset
    if not isinstance(opened, datasets.OpenedDataset):
        opened = datasets.open_dataset(opened, image_size)
    source = opened.split("train")
    labels = source.labels
    if labels is None:
        # All are looked at, as they may be sorted, but none of the images is kept.
        batches = source.stored_batches(BATCH_SIZE).map(lambda images, labels: labels)
        labels = np.concatenate(list(batches.as_numpy_iterator()))
    if labels.ndim != 1 or len(np.unique(labels[labels >= 0])) < 2:
        raise ValueError(
            "`dataset` must have classes for labels, which the variant learns. "
            f"Received: dataset={opened.name!r}"
        )
    return max(len(source.class_names), int(labels.max()) + 1)
