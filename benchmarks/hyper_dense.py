"""Training step of `HyperDense`: the full control matrix against ranks.

Time and memory of a step of Adam of one layer, controlled by five numbers, and of a
plain `Dense` layer. The memory is that of a process of its own for each layer: the peak
after the steps, less the peak before the layer was made.

    python benchmarks/hyper_dense.py
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from timing import best_seconds

import keras_latent as kl

LAYERS = {"full": None, "rank 16": 16, "rank 4": 4, "rank 1": 1, "plain Dense": 0}
CONDITION = 5


def step(name: str, size: int, batch_size: int) -> Callable[[], object]:
    """Make a layer of that name, and give its training step on a fixed batch."""
    keras.utils.set_random_seed(0)
    features, condition = keras.Input((size,)), keras.Input((CONDITION,))
    rank = LAYERS[name]
    if rank == 0:
        y = keras.layers.Dense(size)(features)
    else:
        y = kl.layers.HyperDense(size, rank)([features, condition])
    model = keras.Model([features, condition], y)
    model.compile("adam", "mse")
    random = np.random.default_rng(0)
    x, n, target = (
        random.normal(size=(batch_size, width)).astype("float32")
        for width in (size, CONDITION, size)
    )
    return lambda: model.train_on_batch([x, n], target)


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kibibytes / (1 if sys.platform == "linux" else 1024) / 1024


def megabytes_of_steps(name: str, size: int, batch_size: int) -> float:
    """What a few steps add to the memory of a process that has trained before."""
    small = step(name, 8, batch_size)
    small()
    before = peak_megabytes()
    run = step(name, size, batch_size)
    for _ in range(3):
        run()
    return peak_megabytes() - before


def megabytes_in_own_process(name: str, arguments: argparse.Namespace) -> float:
    """The same, measured in a new process."""
    command = [sys.executable, __file__, "--memory-of", name]
    for option in ("size", "batch_size"):
        command += [f"--{option.replace('_', '-')}", str(getattr(arguments, option))]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(result.stdout.split()[-1])


def main() -> None:
    """Measure all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--output", type=Path, help="a JSON file to write, too")
    parser.add_argument("--memory-of", choices=LAYERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    size, batch_size = arguments.size, arguments.batch_size
    if arguments.memory_of:
        print(megabytes_of_steps(arguments.memory_of, size, batch_size))
        return
    print(f"{size} to {size} features, batches of {batch_size}\n")
    # Memory first: the peak of a process begins at that of the one that starts it.
    megabytes = {name: megabytes_in_own_process(name, arguments) for name in LAYERS}
    seconds = best_seconds(
        {name: step(name, size, batch_size) for name in LAYERS},
        rounds=arguments.rounds,
        warm_up=2,
    )
    print(table(seconds, megabytes))
    if arguments.output:
        results = {"size": size, "batch_size": batch_size}
        results |= {"seconds": seconds, "megabytes": megabytes}
        kl.saving.write_text(arguments.output, json.dumps(results, indent=2) + "\n")


def table(seconds: dict[str, float], megabytes: dict[str, float]) -> str:
    """A Markdown table of both, and of ratios to the last row."""
    *_, last = seconds
    rows = [
        f"| {name} | {1000 * value:.1f} | {value / seconds[last]:.2f} "
        f"| {megabytes[name]:.0f} | {megabytes[name] / megabytes[last]:.2f} |"
        for name, value in seconds.items()
    ]
    header = "| | ms a step | ratio | MB at the peak | ratio |"
    return "\n".join([header, "|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    main()
