"""How long does a step take, against another version of this library?

Two processes, one for each checkout, build the same models and train them in turns, one
call of `fit` at a time, so that both meet the same disturbances. A time is the least of
the rounds, and the ratio beside it the median of the ratios of neighbouring calls.

    git worktree add ../before v0.1
    python benchmarks/versions.py ../before
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BATCH_SIZE = 128
SHAPE = (28, 28, 1)
CASES: dict[str, dict[str, Any]] = {
    "Autoencoder": {},
    "SparseAutoencoder": {},
    "ContractiveAutoencoder": {},
    "DenoisingAutoencoder": {"corruption": None},
    "ConstrainedAutoencoder": {"heads": 10},
    "VAE": {"likelihood": "continuous_bernoulli"},
    "EncDec": {},
    "VariationalEncDec": {},
}
"""Variants with arguments of `for_images`, which every version has."""


def build(name: str, steps: int) -> Callable[[], Any]:
    """What trains a variant for a number of steps."""
    import keras

    import keras_latent as kl

    arguments = dict(CASES[name])
    if "corruption" in arguments:
        arguments["corruption"] = keras.layers.GaussianNoise(0.1)
    model = getattr(kl.models, name).for_images(SHAPE, latent_dim=16, **arguments)
    model.compile(keras.optimizers.Adam(1e-3), steps_per_execution=steps)
    random = np.random.default_rng(0)
    x = random.random((BATCH_SIZE * steps, *SHAPE), dtype="float32")
    y = random.integers(0, 10, len(x)) if "heads" in arguments else None
    return lambda: model.fit(x, y, batch_size=BATCH_SIZE, shuffle=False, verbose=0)


def serve(steps: int) -> None:
    """Train what is named on a line of the input; answer with the seconds."""
    trained = {}
    for line in sys.stdin:
        name = line.strip()
        if name not in trained:
            trained[name] = build(name, steps)
            trained[name]()  # Traced by the first call.
        start = time.perf_counter()
        trained[name]()
        print(time.perf_counter() - start, flush=True)


def started(checkout: Path, steps: int) -> subprocess.Popen[str]:
    """A process that imports the library from a checkout."""
    words = [sys.executable, __file__, str(checkout), "--steps", str(steps), "--serve"]
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve())}
    return subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )


def seconds(process: subprocess.Popen[str], name: str) -> float:
    """How long a process takes to train a variant."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The process was started without pipes.")
    process.stdin.write(f"{name}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def main() -> None:
    """Print a table of milliseconds a step, and of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path, help="a checkout of another version")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.steps)
        return
    here = Path(__file__).parents[1]
    processes = [started(checkout, given.steps) for checkout in (here, given.other)]
    print("| variant | here, ms | there, ms | here / there |")
    print("|---|---|---|---|")
    for name in CASES:
        for process in processes:
            seconds(process, name)
        pairs = []
        for turn in range(given.rounds):
            # Each goes first in every other turn.
            order = processes[:: 1 if turn % 2 else -1]
            taken = {id(process): seconds(process, name) for process in order}
            pairs.append([taken[id(process)] for process in processes])
        own, other = (
            1e3 * min(column) / given.steps for column in zip(*pairs, strict=True)
        )
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"| {name} | {own:.2f} | {other:.2f} | {ratio:.3f} |", flush=True)
    for process in processes:
        process.terminate()


if __name__ == "__main__":
    main()
