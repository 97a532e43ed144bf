"""Training step of `EncDec`: one shared pass of the encoder over x' against two.

The network has the size of the one that the objective was published with: 5×5
convolutions of 32, 64 and 128 filters with max pooling, 32 latent dimensions, 618 k
parameters; batches of 128 MNIST digits.

    python benchmarks/encdec_step.py
"""

import argparse

import keras
import numpy as np
from keras import layers
from timing import best_seconds, table

import keras_latent as kl

BATCH_SIZE = 128


def networks() -> tuple[keras.Model, keras.Model]:
    """Encoder and decoder of that size."""
    encoder = keras.Sequential([keras.Input((28, 28, 1))])
    for width in (32, 64, 128):
        encoder.add(layers.Conv2D(width, 5, padding="same", activation="relu"))
        encoder.add(layers.MaxPooling2D())
    code = keras.Input((32,))
    x = layers.Dense(4 * 4 * 128, activation="relu")(code)
    x = layers.UpSampling2D()(layers.Reshape((4, 4, 128))(x))
    x = keras.ops.image.crop_images(x, 0, 0, target_height=7, target_width=7)
    for width in (64, 32):
        x = layers.Conv2D(width, 5, padding="same", activation="relu")(x)
        x = layers.UpSampling2D()(x)
    image = layers.Conv2D(1, 5, padding="same", activation="sigmoid")(x)
    return encoder, keras.Model(code, image)


def build(repair: keras.layers.Layer | None) -> kl.models.EncDec:
    """A model of that size; repairing generated images costs a second pass."""
    model = kl.models.EncDec(*networks(), repair=repair)
    model.compile()
    return model


def main() -> None:
    """Time both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=8)
    arguments = parser.parse_args()
    count = arguments.steps * BATCH_SIZE
    images, _ = kl.datasets.arrays("mnist", "train", limit=count)
    shared, two_passes = build(repair=None), build(repair=layers.Identity())
    print(f"{shared.count_params():,} parameters, batches of {BATCH_SIZE}\n")

    def epoch(model: kl.models.EncDec) -> None:
        model.fit(np.asarray(images), batch_size=BATCH_SIZE, shuffle=False, verbose=0)

    seconds = best_seconds(
        {
            "one shared pass": lambda: epoch(shared),
            "two passes": lambda: epoch(two_passes),
        },
        rounds=arguments.rounds,
    )
    print(table(seconds, arguments.steps))


if __name__ == "__main__":
    main()
