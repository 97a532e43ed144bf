"""How long metrics of generated images take, after the features of 50,000 images.

The features are drawn: 2048 numbers an image, what Inception has. FID is measured with
its floor and without; the others on fewer rows, whose number the table gives. Seconds
are those that passed, and those of all cores: other work on the machine adds to the
first.

    python benchmarks/generation.py
    python benchmarks/generation.py --rows 10000 --features 256
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from keras_latent.metrics import generation
from keras_latent.metrics.score import Score

METRICS = ("fid", "fid without floor", "kid", "precision_recall", "density_coverage")


def main() -> None:
    """Print the score and the seconds of each metric."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--metrics", nargs="+", choices=METRICS, default=METRICS)
    arguments = parser.parse_args()
    generator = np.random.default_rng(0)
    shape = (arguments.rows, arguments.features)
    real = generator.standard_normal(shape, "float32")
    generated = generator.standard_normal(shape, "float32") + np.float32(0.01)
    few = arguments.rows // 5
    metrics: dict[str, tuple[int, Callable[[np.ndarray, np.ndarray], Score]]] = {
        "fid": (arguments.rows, generation.fid),
        "fid without floor": (
            arguments.rows,
            lambda real, generated: generation.fid(real, generated, floor=False),
        ),
        "kid": (few, generation.kid),
        "precision_recall": (few, generation.precision_recall),
        "density_coverage": (few, generation.density_coverage),
    }
    print("| metric | rows | score | seconds | of all cores |\n|---|---|---|---|---|")
    for name in arguments.metrics:
        rows, metric = metrics[name]
        start, spent = time.perf_counter(), time.process_time()
        score = metric(real[:rows], generated[:rows])
        seconds = time.perf_counter() - start
        spent = time.process_time() - spent
        print(
            f"| {name} | {rows} | {float(score):.4f} | {seconds:.1f} | {spent:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
