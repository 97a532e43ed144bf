"""How fast a folder of JPEG files is read, beside Keras's own reader.

Writes a folder of generated images, smooth with noise on them, and times one shuffled
pass over it: by `datasets.load`, by `keras.utils.image_dataset_from_directory`, which
doesn't antialias, and by that with antialiased resizing after it.

`datasets.epochs` reads the same way, but never ends: what it reads ahead when the pass
is over would count as a part of it.

    python benchmarks/folder_reading.py
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from timing import best_seconds

import keras_latent as kl

BATCH_SIZE = 128


def write_folder(folder: Path, count: int, side: int) -> None:
    """Write images of two classes as JPEG files."""
    generator = np.random.default_rng(0)
    for index in range(count):
        small = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
        noise = generator.normal(0, 8, (side, side, 3))
        pixels = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
        path = folder / "ab"[index % 2] / f"{index:06}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path, quality=90)


def by_load(opened: kl.datasets.OpenedDataset) -> tf.data.Dataset:
    """One pass of ours, in an order that is drawn."""
    return kl.datasets.load(opened, "train", BATCH_SIZE, shuffle=True, seed=0)


def by_keras(folder: Path, side: int) -> tf.data.Dataset:
    """Keras's reader: bilinear, without antialias."""
    return keras.utils.image_dataset_from_directory(
        folder, image_size=(side, side), batch_size=BATCH_SIZE, seed=0, verbose=False
    )


def by_keras_antialiased(folder: Path, side: int, stored: int) -> tf.data.Dataset:
    """Keras's reader at the stored size, then resized with antialias."""
    return by_keras(folder, stored).map(
        lambda images, labels: (
            tf.image.resize(images, (side, side), antialias=True),
            labels,
        ),
        num_parallel_calls=tf.data.AUTOTUNE,
    )


def one_pass(dataset: tf.data.Dataset) -> int:
    """Read all images; gives their number."""
    return sum(len(labels) for _, labels in dataset)


def main() -> None:
    """Time the readers in turn; print images a second, and how many times ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--stored", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    count, stored = arguments.images, arguments.stored
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_folder(folder, count, stored)
        for side in (stored, stored // 2):
            opened = kl.datasets.open_dataset(folder, image_size=side)
            cached = kl.datasets.open_dataset(folder, image_size=side, cache="memory")
            readers = {
                "ours": by_load(opened),
                "ours, cached": by_load(cached),
                "Keras": by_keras(folder, side),
                "Keras, antialiased": by_keras_antialiased(folder, side, stored),
            }

            seconds = best_seconds(
                {name: partial(one_pass, data) for name, data in readers.items()},
                rounds=arguments.rounds,
            )
            print(f"\n{stored} to {side} pixels\n")
            print("| | images a second | to ours |\n|---|---|---|")
            for name, value in seconds.items():
                ratio = seconds["ours"] / value
                print(f"| {name} | {count / value:,.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
