"""Is it faster to learn from codes than from pixels?

A small head on the frozen codes of `ConvVAE(weights="mnist")`, against a convolutional
network of the same encoder from pixels, both classifying the digits. Measured are the
seconds until the accuracy on 10,000 test digits first reaches 90 % and 97 % with all
60,000 labels, and the accuracy after a training with fewer labels. Neither the loading
nor the tests between the steps count as time; the encoding of the digits does.

    python benchmarks/learning_from_codes.py
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_latent as kl

COUNTS = (30, 100, 300, 1_000, 3_000, 10_000, 60_000)
LEVELS = (0.9, 0.97)
BATCH_SIZE = 64
STEPS_BETWEEN_TESTS = 10


def head(latent_dim: int) -> keras.Model:
    """A classifier of codes, with one hidden layer."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dense(10),
        ]
    )


def from_pixels() -> keras.Model:
    """The same encoder with a classifier, untrained."""
    backbone = kl.applications.ConvVAE(weights=None, include_top=False)
    x = keras.layers.Flatten()(backbone.output)
    return keras.Model(backbone.input, keras.layers.Dense(10)(x))


def compiled(model: keras.Model) -> keras.Model:
    """The model with its loss."""
    model.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Share of test digits that are told right."""
    return float((model.predict(x, batch_size=1000, verbose=0).argmax(1) == y).mean())


def seconds_to_levels(
    model: keras.Model, train: tuple, test: tuple, seconds: float, epochs: int
) -> dict[str, Any]:
    """Train, and note when the test accuracy first reaches each level.

    Args:
        model: What learns.
        train: Inputs and labels.
        test: Inputs and labels.
        seconds: What was spent before, on codes.
        epochs: When to give up.
    """
    x, y = train
    reached: dict[str, Any] = {f"{level:.0%}": None for level in LEVELS}
    # Tracing the graphs is no learning.
    model.train_on_batch(x[:BATCH_SIZE], y[:BATCH_SIZE])
    accuracy(model, *test)
    order = np.random.default_rng(0)
    examples = step = 0
    for _ in range(epochs):
        rows = order.permutation(len(x))
        for start in range(0, len(x) - BATCH_SIZE + 1, BATCH_SIZE):
            batch = rows[start : start + BATCH_SIZE]
            begun = time.perf_counter()
            model.train_on_batch(x[batch], y[batch])
            seconds += time.perf_counter() - begun
            examples += BATCH_SIZE
            step += 1
            if step % STEPS_BETWEEN_TESTS:
                continue
            found = accuracy(model, *test)
            for level in LEVELS:
                if found >= level and reached[f"{level:.0%}"] is None:
                    reached[f"{level:.0%}"] = {"seconds": seconds, "seen": examples}
            if found >= max(LEVELS):
                return reached
    return reached


def main() -> None:
    """Measure both, draw the figure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--output", type=Path, default=Path("runs/learning_from_codes"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    images, labels = kl.datasets.arrays("mnist", "train")
    test_images, test_labels = kl.datasets.arrays("mnist", "test")
    backbone = kl.applications.ConvVAE(include_top=False, pooling="code")
    backbone.predict(images[:1000], batch_size=1000, verbose=0)
    begun = time.perf_counter()
    codes = backbone.predict(images, batch_size=1000, verbose=0)
    encoding = time.perf_counter() - begun
    test_codes = backbone.predict(test_images, batch_size=1000, verbose=0)

    learners = {
        "head on codes": (
            lambda: compiled(head(codes.shape[1])),
            codes,
            test_codes,
            encoding,
        ),
        "network on pixels": (
            lambda: compiled(from_pixels()),
            images,
            test_images,
            0.0,
        ),
    }
    results: dict[str, Any] = {"encoding_seconds": round(encoding, 2)}
    for name, (make, x, test_x, spent) in learners.items():
        times, curves = [], []
        for seed in range(arguments.seeds):
            keras.utils.set_random_seed(seed)
            times.append(
                seconds_to_levels(
                    make(), (x, labels), (test_x, test_labels), spent, epochs=2
                )
            )
            rows = np.random.default_rng(seed).permutation(len(labels))
            curve = []
            for count in COUNTS:
                some = rows[:count]
                model = make()
                size = min(BATCH_SIZE, count)
                model.fit(
                    x[some],
                    labels[some],
                    batch_size=size,
                    epochs=max(1, arguments.steps * size // count),
                    verbose=0,
                )
                curve.append(accuracy(model, test_x, test_labels))
            curves.append(curve)
            print(name, seed, times[-1], np.round(curve, 4).tolist(), flush=True)
        results[name] = {"times": times, "accuracies": curves}
    results["counts"] = COUNTS
    kl.saving.write_text(
        arguments.output / "result.json", json.dumps(results, indent=2) + "\n"
    )
    kl.plots.save(figure(results), arguments.output / "learning_from_codes.png")


def figure(results: dict[str, Any]) -> Any:
    """Accuracy by the number of labels, mean and range over the seeds."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(6.4, 4), layout="constrained")
    axes = drawing.subplots()
    colours = {"head on codes": "#0072B2", "network on pixels": "#D55E00"}
    for name, colour in colours.items():
        curves = 100 * np.array(results[name]["accuracies"])
        counts = np.array(results["counts"])
        axes.plot(counts, curves.mean(0), "o-", color=colour, label=name)
        axes.fill_between(counts, curves.min(0), curves.max(0), color=colour, alpha=0.2)
    for level in LEVELS:
        axes.axhline(100 * level, color="#999999", linewidth=0.8, linestyle=":")
    axes.set(
        xscale="log", xlabel="labelled digits", ylabel="accuracy on test digits, %"
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    return drawing


if __name__ == "__main__":
    main()
