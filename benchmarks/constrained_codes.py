"""Is a code that must discriminate, too, better for it?

Two questions on MNIST, with the same encoder and a code of 32 numbers each time:

1. Few labels: 100 drawn from all, or 10 of each class. Accuracy on 10,000 test digits
   of `ConstrainedAutoencoder`, which sees the other digits without labels; of a linear
   probe on the codes of an `Autoencoder` of the same digits; and of a classifier that
   sees the labelled digits alone. And the error of the reconstructions.
2. New classes: models see the digits 0 to 4; 5-way episodes of the digits 5 to 9 are
   told by the nearest class centroid in the code of the constrained autoencoder, of the
   autoencoder, of the classifier alone (its last hidden layer), and in raw pixels.

    python benchmarks/constrained_codes.py
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_latent as kl

IMAGE_SHAPE = (28, 28, 1)
LATENT_DIM = 32
BATCH_SIZE = 128
LABELLED_SHARE = 8
"""Of so many rows that the constrained model sees one is labelled."""

Examples = tuple[np.ndarray, np.ndarray]


def rate(learning_rate: float, examples: int, epochs: int) -> Any:
    """A learning rate that falls to 0 along half a cosine."""
    steps = epochs * -(-examples // BATCH_SIZE)
    return keras.optimizers.schedules.CosineDecay(learning_rate, steps)


def autoencoder(images: np.ndarray, epochs: int) -> kl.models.Autoencoder:
    """An autoencoder of the images."""
    model = kl.models.Autoencoder.for_images(IMAGE_SHAPE, LATENT_DIM)
    model.compile(keras.optimizers.Adam(rate(1e-3, len(images), epochs)))
    model.fit(images, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    return model


def constrained(
    images: np.ndarray, labels: np.ndarray, epochs: int
) -> kl.models.ConstrainedAutoencoder:
    """A constrained autoencoder of the images, whose labels are -1 where missing.

    Labelled rows are repeated until they are one in eight, and their weight makes up
    for the others.
    """
    labelled = np.flatnonzero(labels >= 0)
    weight = 1.0
    if len(labelled) < len(labels):
        times = len(labels) // (LABELLED_SHARE - 1) // len(labelled)
        rows = np.concatenate([np.arange(len(labels)), np.tile(labelled, times)])
        images, labels = images[rows], labels[rows]
        weight = float(LABELLED_SHARE)
    model = kl.models.ConstrainedAutoencoder.for_images(
        IMAGE_SHAPE, LATENT_DIM, heads=10, classification_weight=weight
    )
    model.compile(keras.optimizers.Adam(rate(1e-3, len(images), epochs)))
    model.fit(images, labels, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    return model


def classifier(images: np.ndarray, labels: np.ndarray, epochs: int) -> keras.Model:
    """The same encoder, code and linear head, trained on the labels alone."""
    encoder = kl.networks.convolutional_encoder(IMAGE_SHAPE)
    code = keras.layers.Dense(LATENT_DIM, name="code")
    logits = keras.layers.Dense(10)(code(keras.layers.Flatten()(encoder.output)))
    model = keras.Model(encoder.input, logits)
    model.compile(
        keras.optimizers.Adam(rate(1e-3, len(images), epochs)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(images, labels, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    return model


def share_right(logits: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy in %."""
    return 100 * float((np.asarray(logits).argmax(axis=1) == labels).mean())


def error(model: kl.models.LatentModel, images: np.ndarray) -> float:
    """Mean squared error of the reconstructions."""
    decoded = model.predict(images, batch_size=500, verbose=0)
    return float(kl.metrics.mean_squared_error(images, decoded).mean())


def chosen(labels: np.ndarray, a_class: int | None, seed: int) -> np.ndarray:
    """Rows that keep their label: so many of each class, or 100 of all."""
    order = np.random.default_rng(seed).permutation(len(labels))
    if a_class is None:
        return order[:100]
    return np.concatenate(
        [order[labels[order] == digit][:a_class] for digit in range(10)]
    )


def few_labels(train: Examples, test: Examples, epochs: int, seed: int) -> dict:
    """Accuracies and errors with 100 labels."""
    images, labels = train
    test_images, test_labels = test
    keras.utils.set_random_seed(seed)
    plain = autoencoder(images, epochs)
    encoder = plain.to_encoder()
    test_codes = encoder.predict(test_images, batch_size=500, verbose=0)
    found: dict[str, Any] = {"error of the autoencoder": error(plain, test_images)}
    for name, a_class in {"100 labels in all": None, "10 of each class": 10}.items():
        rows = chosen(labels, a_class, seed)
        known = np.full_like(labels, -1)
        known[rows] = labels[rows]
        model = constrained(images, known, epochs)
        codes = encoder.predict(images[rows], verbose=0)
        probe = kl.metrics.linear_probe(codes, labels[rows], test_codes, test_labels)
        alone = classifier(images[rows], labels[rows], epochs=200)
        logits = alone.predict(test_images, batch_size=500, verbose=0)
        found[name] = {
            "constrained": share_right(model.classify(test_images), test_labels),
            "autoencoder, then probe": 100 * float(probe),
            "classifier alone": share_right(logits, test_labels),
            "error of the constrained": error(model, test_images),
        }
        print(seed, name, json.dumps(found[name]), flush=True)
    return found


def new_classes(train: Examples, test: Examples, epochs: int) -> dict:
    """Few-shot accuracies on digits that no model saw, in %, with 95 % intervals."""
    images, labels = (column[train[1] < 5] for column in train)
    unseen, names = (column[test[1] >= 5] for column in test)
    keras.utils.set_random_seed(0)
    alone = classifier(images, labels, epochs)
    spaces = {
        "constrained": constrained(images, labels, epochs).to_encoder(),
        "autoencoder": autoencoder(images, epochs).to_encoder(),
        "classifier alone": keras.Model(alone.input, alone.get_layer("code").output),
    }
    codes = {
        name: encoder.predict(unseen, batch_size=500, verbose=0)
        for name, encoder in spaces.items()
    }
    codes["pixels"] = unseen.reshape(len(unseen), -1)
    found: dict[str, Any] = {}
    for name, values in codes.items():
        for shots in (1, 5):
            score = kl.metrics.few_shot_accuracy(values, names, shots=shots)
            interval = score.interval or 0.0
            found.setdefault(name, {})[f"{shots}-shot"] = [
                round(100 * score.value, 2),
                round(100 * interval, 2),
            ]
    return found


def main() -> None:
    """Answer both questions and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=30_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("runs/constrained_codes"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    train = kl.datasets.arrays("mnist", "train", limit=arguments.images)
    test = kl.datasets.arrays("mnist", "test")
    results: dict[str, Any] = {
        "images": arguments.images,
        "few labels": [
            few_labels(train, test, arguments.epochs, seed)
            for seed in range(arguments.seeds)
        ],
        "new classes": new_classes(train, test, arguments.epochs),
        "minutes": 0.0,
    }
    results["minutes"] = round((time.perf_counter() - start) / 60, 1)
    text = json.dumps(results, indent=2)
    kl.saving.write_text(arguments.output / "result.json", text + "\n")
    print(text)


if __name__ == "__main__":
    main()
