"""Can a network learn to turn images apart from what they show?

Two networks of three dense layers make the turned image of an image and of the sine and
cosine of an angle. One has the two numbers beside the inputs of each layer; in the
other, a control network makes of them what multiplies the weights of each layer. They
have the same number of parameters, and learn from the digits 0 to 7 and from angles
with two gaps. They are tested on the digits 8 and 9, and on the angles of the gaps.

    python benchmarks/transformations.py
"""

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

import keras_latent as kl
from keras_latent.plots.image_rows import image_rows
from keras_latent.plots.style import styled

SEEN_CLASSES, UNSEEN_CLASSES = range(8), range(8, 10)
SEEN_ANGLES = [(-180, -120), (-90, 30), (60, 180)]
UNSEEN_ANGLES = [(-120, -90), (30, 60)]
TESTS = {
    "seen classes, seen angles": (SEEN_CLASSES, SEEN_ANGLES),
    "unseen classes": (UNSEEN_CLASSES, SEEN_ANGLES),
    "unseen angles": (SEEN_CLASSES, UNSEEN_ANGLES),
    "unseen classes, unseen angles": (UNSEEN_CLASSES, UNSEEN_ANGLES),
}
IMAGE_SHAPE = (28, 28, 1)
PIXELS = math.prod(IMAGE_SHAPE)
WIDTH = 512
RANK = 4
CONTROL = (32, 32)
BATCH_SIZE = 64
COLUMNS = 10


def hyper(width: int) -> keras.Model:
    """The network whose weights the angle controls."""
    image, parameters = keras.Input(IMAGE_SHAPE), keras.Input((2,))
    control = parameters
    for units in CONTROL:
        control = layers.Dense(units, activation="relu")(control)
    x = layers.Flatten()(image)
    for units, activation in ((width, "relu"), (width, "relu"), (PIXELS, None)):
        layer = kl.layers.HyperDense(units, RANK, activation, control=())
        x = layer([x, control])
    return keras.Model([image, parameters], layers.Reshape(IMAGE_SHAPE)(x))


def concat(width: int) -> keras.Model:
    """The network with the angle beside the inputs of each layer."""
    image, parameters = keras.Input(IMAGE_SHAPE), keras.Input((2,))
    x = layers.Flatten()(image)
    for units, activation in ((width, "relu"), (width, "relu"), (PIXELS, None)):
        x = layers.Concatenate()([x, parameters])
        x = layers.Dense(units, activation=activation)(x)
    return keras.Model([image, parameters], layers.Reshape(IMAGE_SHAPE)(x))


def concat_width(parameters: int) -> int:
    """The width that gives `concat` about so many parameters."""
    # Of its three layers: w² + b·w + c.
    b = 2 * PIXELS + 2 + 2 + 2
    c = 3 * PIXELS
    return round((math.sqrt(b**2 + 4 * (parameters - c)) - b) / 2)


def test_pairs(classes: range, angles: list) -> tuple[np.ndarray, ...]:
    """Images, parameters and targets of all test digits of some classes."""
    pairs, steps = kl.datasets.transformed_pairs(
        split="test", angles=angles, classes=classes, batch_size=500
    )
    batches = [(*given, target) for given, target in pairs.take(steps)]
    images, parameters, targets = map(np.concatenate, zip(*batches, strict=True))
    return images, parameters, targets


def trained(model: keras.Model, seed: int, steps: int) -> keras.Model:
    """Train on the seen classes and angles; the pairs are those of the seed."""
    pairs, _ = kl.datasets.transformed_pairs(
        angles=SEEN_ANGLES, classes=SEEN_CLASSES, batch_size=BATCH_SIZE, seed=seed
    )
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(pairs, steps_per_epoch=steps, verbose=0)
    return model


def mean_squared_error(given: Any, expected: np.ndarray) -> float:
    """Mean over images and pixels."""
    return float(np.mean((given - expected) ** 2))


def main() -> None:
    """Train both with each seed, write the errors and the figure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--output", type=Path, default=Path("runs/transformations"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    tests = {name: test_pairs(*held) for name, held in TESTS.items()}
    widths = {"hyper": WIDTH}
    widths["concat"] = concat_width(hyper(WIDTH).count_params())
    networks = {"concat": concat, "hyper": hyper}

    errors: dict[str, Any] = {
        "black image": {
            name: [mean_squared_error(0, targets)]
            for name, (_, _, targets) in tests.items()
        },
        "copy of the input": {
            name: [mean_squared_error(images, targets)]
            for name, (images, _, targets) in tests.items()
        },
        **{network: {name: [] for name in TESTS} for network in networks},
    }
    results: dict[str, Any] = {
        "errors": errors,
        "steps": arguments.steps,
        "parameters": {},
        "seconds": {network: [] for network in networks},
    }
    drawn: dict[str, np.ndarray] = {}
    for seed in range(arguments.seeds):
        for network, make in networks.items():
            keras.utils.set_random_seed(seed)
            begun = time.perf_counter()
            model = trained(make(widths[network]), seed, arguments.steps)
            results["seconds"][network].append(round(time.perf_counter() - begun, 1))
            results["parameters"][network] = model.count_params()
            for name, (images, parameters, targets) in tests.items():
                made = model.predict([images, parameters], batch_size=500, verbose=0)
                errors[network][name].append(mean_squared_error(made, targets))
            # The last test, of what is unseen in both ways.
            drawn[network] = made[:COLUMNS]
            last = {name: found[-1] for name, found in errors[network].items()}
            print(network, seed, json.dumps(last), flush=True)
    kl.saving.write_text(
        arguments.output / "result.json", json.dumps(results, indent=2) + "\n"
    )
    images, parameters, targets = (part[:COLUMNS] for part in tests[name])
    kl.plots.save(
        figure({"input": images, "target": targets, **drawn}, parameters),
        arguments.output / "transformations.png",
    )
    print(f"\n{results['parameters']} parameters\n\n{table(errors)}")


def table(errors: dict[str, dict[str, list[float]]]) -> str:
    """A Markdown table: means over the seeds, with the lowest and the highest."""
    lines = [f"| | {' | '.join(TESTS)} |", "|---" * (1 + len(TESTS)) + "|"]
    for network, found in errors.items():
        cells = [f"{np.mean(each):.4f}{spread(each)}" for each in found.values()]
        lines.append(f"| {network} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """The lowest and the highest of several values."""
    return f" ({min(values):.4f}-{max(values):.4f})" if len(values) > 1 else ""


@styled
def figure(rows: dict[str, np.ndarray], parameters: np.ndarray) -> Any:
    """Rows of images over the angles that they are turned by."""
    angles = np.degrees(np.arctan2(*parameters.T))
    grid = np.clip(np.stack(list(rows.values())), 0, 1)
    return image_rows([grid], [[f"{angle:.0f}°" for angle in angles]], list(rows))


if __name__ == "__main__":
    main()
