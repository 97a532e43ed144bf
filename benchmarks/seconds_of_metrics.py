"""How long disentanglement metrics take on 100,000 codes of 64 dimensions.

Six factors of 3 to 32 values, which the first six codes tell with noise. Seconds are
those that passed, and those of all cores: other work on the machine adds to the first.

    python benchmarks/seconds_of_metrics.py
    python benchmarks/seconds_of_metrics.py --metrics mig dci --rows 20000
"""

import argparse
import time

import numpy as np

from keras_latent.metrics import disentanglement

SIZES = (3, 6, 10, 10, 32, 32)
METRICS = [name for name in disentanglement.__all__ if name.islower() and name != "udr"]


def noisy_codes(rows: int, latent_dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes and factors: each factor in a code of its own, the other codes useless."""
    generator = np.random.default_rng(0)
    factors = np.stack([generator.integers(0, size, rows) for size in SIZES], axis=1)
    codes = generator.normal(size=(rows, latent_dim))
    codes[:, : len(SIZES)] *= 0.1
    codes[:, : len(SIZES)] += (factors / (np.array(SIZES) - 1) - 0.5) * 3
    return codes.astype("float32"), factors


def main() -> None:
    """Print the score and the seconds of each metric."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--latent-dim", type=int, default=64)
    parser.add_argument("--metrics", nargs="+", choices=METRICS, default=METRICS)
    arguments = parser.parse_args()
    codes, factors = noisy_codes(arguments.rows, arguments.latent_dim)
    print("| metric | score | seconds | of all cores |\n|---|---|---|---|")
    for name in arguments.metrics:
        start, spent = time.perf_counter(), time.process_time()
        score = getattr(disentanglement, name)(codes, factors)
        seconds = time.perf_counter() - start
        spent = time.process_time() - spent
        print(
            f"| {name} | {float(score):.4f} | {seconds:.1f} | {spent:.1f} |", flush=True
        )


if __name__ == "__main__":
    main()
