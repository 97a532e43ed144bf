"""Which decoder inverts the features of a frozen network best on unseen images?

Decoders are trained on the features alone, with 5 extra numbers beside them
(concatenation), or with the 5 numbers as control of one dense layer (hypernetwork).
All have the same depth, the same extra encoder and the same steps. Measured are mean
squared error and SSIM on training images, on unseen ones, and on these with the
features set to zero. The features are either

- of digits: the last hidden layer, of 128 units, of a classifier of MNIST, or
- of regions: the 768 features that the trained `EmojiDetector` has of the true boxes of
  scenes; the image is what is in the box, at 32 × 32. Unseen are scenes of glyphs that
  neither the detector nor the decoder was trained on. Needs the emoji archives.

    python benchmarks/inversion.py
    python benchmarks/inversion.py --features regions
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_latent as kl
from keras_latent.applications.emoji_detector import EmojiDetector
from keras_latent.cli.classifier import build_features, train_classifier

DIGIT_SHAPE = (28, 28, 1)
DIGIT_FEATURES, EXTRA = 128, 5
REGION_SIDE = 32
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
WARM_UP = 200
"""Steps."""

Pairs = dict[str, np.ndarray]


def digits(count: int) -> tuple[Pairs, Pairs, dict[str, float]]:
    """Training and unseen digits with a classifier's features, and its accuracy."""
    keras.utils.set_random_seed(0)
    extractor = build_features(DIGIT_SHAPE, DIGIT_FEATURES)
    classifier = train_classifier(extractor, "mnist", seed=0)
    known, _ = kl.datasets.arrays("mnist", "train", limit=count)
    unseen, labels = kl.datasets.arrays("mnist", "test")
    told = classifier.predict(unseen, batch_size=500, verbose=0).argmax(1)

    def pairs(images: np.ndarray) -> Pairs:
        features = extractor.predict(images, batch_size=500, verbose=0)
        return {"features": features, "image": images}

    facts = {"classifier accuracy": float((told == labels).mean())}
    return pairs(known), pairs(unseen), facts


def regions(count: int) -> tuple[Pairs, Pairs, dict[str, float]]:
    """Regions of training scenes and of scenes of unseen glyphs, with features."""
    detector = EmojiDetector(weights="emoji")
    extractor = kl.networks.region_feature_extractor(detector)
    crop = kl.layers.RegionPooling(REGION_SIDE, detector.input_shape[1:3])

    def pairs(split: str, scenes: int) -> Pairs:
        found: dict[str, list[np.ndarray]] = {"features": [], "image": []}
        batches, steps = kl.datasets.emoji_scenes(split, 100, scenes)
        for given in kl.datasets.regions_of(batches.take(steps), 250):
            found["features"].append(extractor(given, training=False).numpy())
            found["image"].append(crop([given["image"]], given["boxes"]).numpy())
        return {name: np.concatenate(parts) for name, parts in found.items()}

    # A scene has two emoji on average.
    return pairs("train", count // 2), pairs("test", 1000), {}


SOURCES = {"digits": digits, "regions": regions}


def trained(
    options: dict[str, Any], seed: int, train: Pairs, arguments: argparse.Namespace
) -> kl.models.FeatureInverter:
    """A decoder of the features, trained with one seed."""
    keras.utils.set_random_seed(seed)
    shape, size = train["image"].shape[1:], train["features"].shape[1]
    decoder = kl.networks.inversion_decoder(shape, size, EXTRA, **options)
    extra = None
    if options.get("mode") != "features":
        extra = kl.networks.extra_encoder(shape, EXTRA)
    model = kl.models.FeatureInverter(None, decoder, extra)
    steps = arguments.epochs * -(-len(train["image"]) // arguments.batch_size)
    # Begun slowly: at the full rate, the sigmoid of a decoder of large features can get
    # to black for good before the layers below it have learned.
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        steps - WARM_UP,
        warmup_target=arguments.learning_rate,
        warmup_steps=WARM_UP,
    )
    model.compile(keras.optimizers.Adam(rate))
    model.fit(
        train, epochs=arguments.epochs, batch_size=arguments.batch_size, verbose=0
    )
    return model


def measured(
    model: kl.models.FeatureInverter, train: Pairs, unseen: Pairs
) -> dict[str, float]:
    """Errors on training and unseen images, and without the features."""
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
    parser.add_argument("--features", choices=list(SOURCES), default="digits")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument(
        "--tried",
        nargs="*",
        choices=list(TRIED),
        help="other decoders instead, one seed each; all of them if none is named",
    )
    parser.add_argument("--output", type=Path, default=Path("runs/inversion"))
    arguments = parser.parse_args()
    arguments.output /= arguments.features
    arguments.output.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()

    train, unseen, facts = SOURCES[arguments.features](arguments.images)
    results: dict[str, Any] = dict(facts)
    print(facts, len(train["image"]), len(unseen["image"]), flush=True)
    models = {}
    is_trial = arguments.tried is not None
    decoders = DECODERS
    if is_trial:
        decoders = {name: TRIED[name] for name in arguments.tried or TRIED}
    for name, options in decoders.items():
        runs = []
        for seed in range(1 if is_trial else arguments.seeds):
            model = trained(options, seed, train, arguments)
            runs.append(measured(model, train, unseen))
            print(name, seed, json.dumps(runs[-1]), flush=True)
        results[name] = mean_and_range(runs)
        models[name] = model
    if not is_trial:
        error = {name: results[name]["unseen mse"]["mean"] for name in models}
        results["hyper / concat, unseen mse"] = error["hyper"] / error["concat"]
    results["minutes"] = round((time.perf_counter() - start) / 60, 1)
    text = json.dumps(results, indent=2)
    name = "tried" if is_trial else "result"
    kl.saving.write_text(arguments.output / f"{name}.json", text + "\n")
    sections = {
        f"training {arguments.features}": {
            name: column[:SHOWN] for name, column in train.items()
        },
        f"unseen {arguments.features}": {
            name: column[:SHOWN] for name, column in unseen.items()
        },
    }
    kl.plots.save(
        kl.plots.inversions(models, sections), arguments.output / f"{name}.png"
    )
    print(text)


if __name__ == "__main__":
    main()
