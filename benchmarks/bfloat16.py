"""How much faster is a step in bfloat16, and what keeps it from being twice as fast?

Steps of convolutional variants on images of 32 × 32 × 3 in `mixed_bfloat16`, against
float32: then each operation of such a step, in both, and other ways to the gradient of
a filter, which gains least. All in seconds of the processor, in one thread, so that
other processes on the machine matter little. The least of the rounds counts.

    python benchmarks/bfloat16.py
"""

import argparse
import functools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Read when TensorFlow starts.
os.environ["TF_NUM_INTRAOP_THREADS"] = "1"

import keras
import numpy as np
import tensorflow as tf
from policies import policy

import keras_latent as kl
from keras_latent.cli.precision import bfloat16_units

PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
SHAPE = (32, 32, 3)
BATCH_SIZE = 64
VARIANTS: dict[str, Callable[[], Any]] = {
    "VAE": lambda: kl.models.VAE.for_images(SHAPE, 32),
    "Autoencoder": lambda: kl.models.Autoencoder.for_images(SHAPE, 32),
    "EncDec": lambda: kl.models.EncDec.for_images(SHAPE, 32),
}
# Side of the map, channels that come in and go out, kernel, stride: of the `VAE`.
CONVOLUTIONS = (
    (32, 3, 32, 4, 2),
    (16, 32, 64, 4, 2),
    (8, 64, 128, 4, 2),
    (4, 128, 64, 3, 1),
    (8, 64, 32, 3, 1),
    (16, 32, 16, 3, 1),
    (32, 16, 3, 3, 1),
)
DOUBLED = ((4, 64), (8, 32), (16, 16))


def processor_seconds(
    rivals: dict[str, Callable[[], object]], rounds: int, calls: int = 4
) -> dict[str, float]:
    """The least of the processor's seconds of each, which take turns."""
    least = dict.fromkeys(rivals, float("inf"))
    for run in rivals.values():
        run()
    for _ in range(rounds):
        for name, run in rivals.items():
            begun = time.process_time()
            for _ in range(calls):
                run()
            least[name] = min(least[name], (time.process_time() - begun) / calls)
    return least


def step_of(make: Callable[[], Any], precision: str) -> Callable[[], object]:
    """A training step under a dtype policy."""
    keras.utils.set_random_seed(0)
    with policy(precision):
        model = make()
    model.compile("adam")
    batch = np.random.default_rng(0).random((BATCH_SIZE, *SHAPE), "float32")
    model.fit(batch, batch_size=BATCH_SIZE, verbose=0)
    given = (tf.constant(batch),)

    @tf.function(autograph=False)
    def step(data: Any) -> Any:
        return model.train_step(data)

    return functools.partial(step, given)


def random(shape: tuple[int, ...], dtype: str) -> tf.Tensor:
    """Normal numbers."""
    return tf.cast(tf.random.normal(shape), dtype)


def convolution(
    kind: str, layer: tuple[int, int, int, int, int], dtype: str
) -> Callable[[], object]:
    """A convolution forwards, or the gradient of its input or of its filter."""
    side, channels, width, kernel, stride = layer
    x = random((BATCH_SIZE, side, side, channels), dtype)
    filters = random((kernel, kernel, channels, width), dtype)
    after = random((BATCH_SIZE, side // stride, side // stride, width), dtype)
    options = {"strides": [1, stride, stride, 1], "padding": "SAME"}
    run = {
        "forwards": lambda x, filters, after: tf.nn.conv2d(x, filters, **options),
        "gradient of the input": lambda x, filters, after: (
            tf.raw_ops.Conv2DBackpropInput(
                input_sizes=x.shape, filter=filters, out_backprop=after, **options
            )
        ),
        "gradient of the filter": lambda x, filters, after: (
            tf.raw_ops.Conv2DBackpropFilter(
                input=x, filter_sizes=filters.shape, out_backprop=after, **options
            )
        ),
    }[kind]
    return functools.partial(tf.function(run), x, filters, after)


def filter_gradient(
    way: str, layer: tuple[int, int, int, int, int], dtype: str
) -> Callable[[], object]:
    """The gradient of a filter by other operations than TensorFlow's own.

    `"over the batch"` convolves along the images, `"patches"` is one product of two
    matrices, `"shifts"` one for each place of the filter.
    """
    side, channels, width, kernel, stride = layer
    out = side // stride
    before = max((out - 1) * stride + kernel - side, 0)
    pads = [[0, 0], *[[before // 2, before - before // 2]] * 2, [0, 0]]
    x = random((BATCH_SIZE, side, side, channels), dtype)
    after = random((BATCH_SIZE, out, out, width), dtype)

    def over_the_batch(x: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
        images = tf.pad(tf.transpose(x, (3, 1, 2, 0)), pads)
        return tf.nn.conv2d(
            images, tf.transpose(after, (1, 2, 0, 3)), 1, "VALID", dilations=stride
        )

    def patches(x: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
        found = tf.image.extract_patches(
            x, [1, kernel, kernel, 1], [1, stride, stride, 1], [1, 1, 1, 1], "SAME"
        )
        rows = tf.reshape(found, (-1, kernel * kernel * channels))
        return tf.matmul(rows, tf.reshape(after, (-1, width)), transpose_a=True)

    def shifts(x: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
        padded, columns = tf.pad(x, pads), tf.reshape(after, (-1, width))
        last = (out - 1) * stride + 1
        cut = [
            padded[:, i : i + last : stride, j : j + last : stride]
            for i in range(kernel)
            for j in range(kernel)
        ]
        return tf.stack(
            [
                tf.matmul(tf.reshape(own, (-1, channels)), columns, transpose_a=True)
                for own in cut
            ]
        )

    run = {"over the batch": over_the_batch, "patches": patches, "shifts": shifts}[way]
    return functools.partial(tf.function(run), x, after)


def doubling(map_: tuple[int, int], dtype: str) -> Callable[[], object]:
    """The gradient of a map that is doubled along both sides."""
    side, channels = map_
    x = random((BATCH_SIZE, side, side, channels), dtype)
    after = random((BATCH_SIZE, 2 * side, 2 * side, channels), dtype)

    def gradient(x: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            doubled = keras.ops.repeat(keras.ops.repeat(x, 2, axis=1), 2, axis=2)
        return tape.gradient(doubled, x, after)

    return functools.partial(tf.function(gradient), x, after)


def relu(map_: tuple[int, int], dtype: str) -> Callable[[], object]:
    """The gradient of a ReLU, and of the bias before it."""
    side, channels = map_
    x, after = (random((BATCH_SIZE, side, side, channels), dtype) for _ in range(2))

    def gradients(x: tf.Tensor, after: tf.Tensor) -> Any:
        before = tf.raw_ops.ReluGrad(gradients=after, features=x)
        return before, tf.raw_ops.BiasAddGrad(out_backprop=before)

    return functools.partial(tf.function(gradients), x, after)


def operations(rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of the operations of a step of the `VAE`, by their kinds."""
    makers: dict[str, list[Callable[[str], Callable[[], object]]]] = {
        f"convolutions, {kind}": [
            functools.partial(convolution, kind, layer)
            for layer in CONVOLUTIONS
            # Nobody asks for the gradient of the image.
            if kind != "gradient of the input" or layer[1] != SHAPE[2]
        ]
        for kind in ("forwards", "gradient of the input", "gradient of the filter")
    }
    for way in ("over the batch", "patches", "shifts"):
        makers[f"the last, {way}"] = [
            functools.partial(filter_gradient, way, layer) for layer in CONVOLUTIONS
        ]
    makers["doubled maps, gradient"] = [
        functools.partial(doubling, map_) for map_ in DOUBLED
    ]
    makers["ReLU and bias, gradients"] = [
        functools.partial(relu, (side // stride, width))
        for side, _, width, _, stride in CONVOLUTIONS[:-1]
    ]
    found = {}
    for kind, each in makers.items():
        total = dict.fromkeys(PRECISIONS, 0.0)
        for make in each:
            rivals = {dtype: make(dtype) for dtype in PRECISIONS}
            for dtype, seconds in processor_seconds(rivals, rounds).items():
                total[dtype] += 1000 * seconds
        found[kind] = total
    return found


def table(found: dict[str, dict[str, float]]) -> str:
    """A Markdown table of milliseconds, and of their ratio."""
    rows = ["| | float32, ms | bfloat16, ms | times as fast |", "|---|---|---|---|"]
    for name, own in found.items():
        ratio = own["float32"] / own["bfloat16"]
        rows.append(
            f"| {name} | {own['float32']:.1f} | {own['bfloat16']:.1f} | {ratio:.2f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Measure both, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--output", type=Path, default=Path("runs/bfloat16"))
    arguments = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    for name, make in VARIANTS.items():
        steps = {dtype: step_of(make, own) for dtype, own in PRECISIONS.items()}
        seconds = processor_seconds(steps, arguments.rounds)
        found[f"step of `{name}`"] = {k: 1000 * s for k, s in seconds.items()}
        print(name, found[f"step of `{name}`"], flush=True)
    found |= operations(arguments.rounds)
    results = {
        "units": bfloat16_units(),
        "load": os.getloadavg(),
        "milliseconds": found,
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=2)
    kl.saving.write_text(arguments.output / "result.json", text + "\n")
    print(f"{text}\n\n{table(found)}")


if __name__ == "__main__":
    main()
