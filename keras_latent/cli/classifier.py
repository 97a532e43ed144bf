"""The classifier whose features are inverted."""

import keras

from keras_latent import datasets, networks

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
    dataset: str,
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


def count_classes(dataset: str, image_size: int | None = None) -> int:
    """How many classes the training labels of a dataset have.

    Raises:
        ValueError: If its labels aren't classes.
    """
    # All are looked at, as they may be sorted, but none of the images is kept.
    batches = datasets.load(dataset, "train", BATCH_SIZE, image_size)
    labels = batches.map(lambda images, labels: labels)
    is_single = labels.element_spec.shape.rank == 1
    largest = max(int(some.max()) for some in labels.as_numpy_iterator())
    if not is_single or largest < 1:
        raise ValueError(
            "`dataset` must have classes for labels, which the variant learns. "
            f"Received: dataset={dataset!r}"
        )
    return largest + 1
