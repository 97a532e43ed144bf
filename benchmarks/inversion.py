"""Which decoder inverts the features of a digit classifier best on unseen digits?

A classifier of MNIST is trained and frozen; decoders are trained on its last hidden
layer of 128 features: on the features alone, with 5 extra numbers beside them
(concatenation), or with the 5 numbers as control of one dense layer (hypernetwork).
All have the same depth, the same extra encoder and the same steps. Measured are mean
squared error and SSIM on training digits, on the 10,000 unseen ones, and on these with
the features set to zero.

    python benchmarks/inversion.py
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_latent as kl
from keras_latent.cli.classifier import build_features, train_classifier

IMAGE_SHAPE = (28, 28, 1)
FEATURES, EXTRA = 128, 5
DECODERS: dict[str, dict[str, Any]] = {
    "features": {"mode": "features"},
    "concat": {"mode": "concat"},
    "hyper": {"mode": "hyper"},
}
TRIED: dict[str, dict[str, Any]] = {
    "hyper, rank 1": {"rank": 1},
    "hyper, rank 16": {"rank": 16},
    "hyper, full": {"rank": None},
    "hyper, control of 128": {"control": (128,)},
    "hyper, control of 128-128": {"control": (128, 128)},
    "hyper, on the features": {"hyper_at": "features"},
    "concat, deeper": {"mode": "concat", "convolutions": 2},
    "hyper, deeper": {"convolutions": 2},
    "concat, no upsampling": {"mode": "concat", "upsampling": False},
    "hyper, no upsampling": {"upsampling": False},
}
SHOWN = 6

Pairs = dict[str, np.ndarray]


def trained(
    options: dict[str, Any], seed: int, train: Pairs, arguments: argparse.Namespace
) -> kl.models.FeatureInverter:
    """A decoder of the features, trained with one seed."""
    keras.utils.set_random_seed(seed)
    decoder = kl.networks.inversion_decoder(IMAGE_SHAPE, FEATURES, EXTRA, **options)
    extra = None
    if options.get("mode") != "features":
        extra = kl.networks.extra_encoder(IMAGE_SHAPE, EXTRA)
    model = kl.models.FeatureInverter(None, decoder, extra)
    steps = arguments.epochs * -(-len(train["image"]) // arguments.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(arguments.learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate))
    model.fit(
        train, epochs=arguments.epochs, batch_size=arguments.batch_size, verbose=0
    )
    return model


def measured(
    model: kl.models.FeatureInverter, train: Pairs, unseen: Pairs
) -> dict[str, float]:
    """Errors on training and unseen digits, and without the features."""
    without = {**unseen, "features": np.zeros_like(unseen["features"])}
    some = {name: column[: len(unseen["image"])] for name, column in train.items()}
    found: dict[str, float] = {"parameters": model.count_params()}
    for name, pairs in {"train": some, "unseen": unseen, "ablated": without}.items():
        images, decoded = pairs["image"], model.predict(pairs, 500, verbose=0)
        mse = kl.metrics.mean_squared_error(images, decoded)
        ssim = kl.metrics.structural_similarity(images, decoded)
        found |= {f"{name} mse": float(mse.mean()), f"{name} ssim": float(ssim.mean())}
    return found


def mean_and_range(runs: list[dict[str, float]]) -> dict[str, Any]:
    """Mean, lowest and highest value of each measure over the seeds."""
    return {
        name: {
            "mean": float(np.mean([run[name] for run in runs])),
            "range": [min(run[name] for run in runs), max(run[name] for run in runs)],
        }
        for name in runs[0]
    }


def main() -> None:
    """Train the classifier and all decoders, write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--digits", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--tried", action="store_true", help="other hypernetworks, too")
    parser.add_argument("--output", type=Path, default=Path("runs/inversion"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()

    keras.utils.set_random_seed(0)
    extractor = build_features(IMAGE_SHAPE, FEATURES)
    classifier = train_classifier(extractor, "mnist", seed=0)
    images, labels = kl.datasets.arrays("mnist", "test")
    told = classifier.predict(images, batch_size=500, verbose=0).argmax(1)
    results: dict[str, Any] = {"classifier accuracy": float((told == labels).mean())}
    print(f"classifier: {results['classifier accuracy']:.4f}", flush=True)

    def pairs(images: np.ndarray) -> Pairs:
        features = extractor.predict(images, batch_size=500, verbose=0)
        return {"features": features, "image": images}

    known, _ = kl.datasets.arrays("mnist", "train", limit=arguments.digits)
    train, unseen = pairs(known), pairs(images)
    models, decoders = (
        {},
        {name: (DECODERS[name], arguments.seeds) for name in DECODERS},
    )
    if arguments.tried:
        decoders |= {name: (TRIED[name], 1) for name in TRIED}
    for name, (options, seeds) in decoders.items():
        runs = []
        for seed in range(seeds):
            model = trained(options, seed, train, arguments)
            runs.append(measured(model, train, unseen))
            print(name, seed, json.dumps(runs[-1]), flush=True)
        results[name] = mean_and_range(runs)
        if name in DECODERS:
            models[name] = model
    error = {name: results[name]["unseen mse"]["mean"] for name in models}
    results["hyper / concat, unseen mse"] = error["hyper"] / error["concat"]
    results["minutes"] = round((time.perf_counter() - start) / 60, 1)
    text = json.dumps(results, indent=2)
    kl.saving.write_text(arguments.output / "result.json", text + "\n")
    sections = {
        "training digits": {name: column[:SHOWN] for name, column in train.items()},
        "unseen digits": {name: column[:SHOWN] for name, column in unseen.items()},
    }
    kl.plots.save(
        kl.plots.inversions(models, sections), arguments.output / "inversions.png"
    )
    print(text)


if __name__ == "__main__":
    main()
