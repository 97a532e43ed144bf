"""Does a mixture of normals, fitted to the codes of a model, generate better digits?

Six models of MNIST with the same networks and 16 numbers; 10,000 digits generated of
each from its prior, where it has one, from one normal and from a mixture of ten fitted
to its codes, beside 10,000 test digits that nothing was trained on. FID-mnist and
KID-mnist are in the features of the library's own classifier of digits, whose numbers
are none of Inception's. Ghosh et al. 2020 compare the like (their table 1). A run that
was cut goes on.

    python benchmarks/mixtures.py
    python benchmarks/mixtures.py --epochs 1 --models autoencoder vae
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_latent as kl
from keras_latent.metrics import generation

SHAPE = (28, 28, 1)
LATENT_DIM = 16
COUNT = 10_000
SHOWN = 12

Model = kl.models.LatentModel


def _of(variant: str, **arguments: Any) -> Callable[[], Model]:
    make = getattr(kl.models, variant).for_images
    return lambda: make(SHAPE, LATENT_DIM, **arguments)


MODELS: dict[str, Callable[[], Model]] = {
    "Autoencoder": _of("Autoencoder"),
    "RegularizedAutoencoder, L2": _of("RegularizedAutoencoder", penalty="l2"),
    "RegularizedAutoencoder, spectral": _of(
        "RegularizedAutoencoder", penalty="spectral"
    ),
    "WassersteinAutoencoder": _of("WassersteinAutoencoder"),
    "ImplicitRankAutoencoder": _of("ImplicitRankAutoencoder"),
    "VAE": _of("VAE", likelihood="bernoulli"),
}


def measured(name: str, epochs: int, seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """Train a model and fit densities to its codes: scores, and a grid of digits."""
    digits, _ = kl.datasets.arrays("mnist", "train")
    test, _ = kl.datasets.arrays("mnist", "test")
    keras.utils.set_random_seed(seed)
    model = MODELS[name]()
    model.compile()
    begun = time.perf_counter()
    model.fit(digits, batch_size=128, epochs=epochs, verbose=0)
    found: dict[str, Any] = {"seconds of training": time.perf_counter() - begun}
    samples = {
        "reconstructions": model.reconstruct(test),
        "one normal": kl.samplers.Normal(model).fit(digits).sample(COUNT, seed=seed),
        "mixture of ten": kl.samplers.GaussianMixture(model, components=10)
        .fit(digits)
        .sample(COUNT, seed=seed),
    }
    if model.has_prior:
        samples["prior"] = model.sample(COUNT, seed=seed)
    for kind, images in samples.items():
        images = np.clip(np.asarray(images), 0, 1)
        found[kind] = {
            "FID-mnist": float(generation.fid(test, images, "mnist")),
            "KID-mnist": float(generation.kid(test, images, "mnist")),
        }
    rows = [np.hstack(list(samples[kind][:SHOWN])) for kind in list(samples)[1:3]]
    return found, np.vstack(rows)


def table(results: dict[str, dict[str, Any]]) -> str:
    """FID-mnist and KID-mnist of each model and density, in Markdown."""
    kinds = ("prior", "one normal", "mixture of ten", "reconstructions")
    lines = ["| | " + " | ".join(kinds) + " |", "|---" * 5 + "|"]
    for name, found in results.items():
        cells = [
            f"{found[kind]['FID-mnist']:.1f}; {found[kind]['KID-mnist']:.3f}"
            if kind in found
            else ""
            for kind in kinds
        ]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure what isn't measured yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--output", type=Path, default=Path("runs/mixtures"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    results = {}
    for name in arguments.models:
        file = arguments.output / f"{name}-{arguments.epochs}-{arguments.seed}.json"
        if not file.exists():
            found, grid = measured(name, arguments.epochs, arguments.seed)
            keras.utils.save_img(
                file.with_suffix(".png"), 255 * np.clip(grid, 0, 1), scale=False
            )
            kl.saving.write_text(file, json.dumps(found, indent=1) + "\n")
            print(name, json.dumps(found), flush=True)
        results[name] = json.loads(file.read_text(encoding="utf-8"))
    print(table(results))


if __name__ == "__main__":
    main()
