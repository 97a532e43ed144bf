"""Does a map of a frozen network's features make a better space to generate in?

A representation autoencoder (Zheng et al. 2025) is a decoder of the maps that a frozen,
pretrained encoder gives, and a sampler on those maps. Here the encoder is the one of
`ConvEncDec(weights="emoji")`, which never learned to reconstruct a pixel. Beside it
stands an autoencoder of the same size, whose encoder learns together with the decoder:

- the error of the reconstructions, on images that nothing was trained on;
- how often the nearest Twemoji of a Noto emoji is the same glyph, by the mean of a map;
- the distance (KID) of what a flow on the maps generates to those images, in the codes
  of `ConvVAE(weights="emoji")`, a third network.

    python benchmarks/representation_autoencoder.py
    python benchmarks/representation_autoencoder.py --dataset icons
    python benchmarks/representation_autoencoder.py --epochs 2 --flow-epochs 2
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_latent as kl
from keras_latent.datasets.emoji import emoji_columns

IMAGE_SHAPE = (64, 64, 3)
CODE_SHAPE = (4, 4, 128)
SHOWN = 12
SUBSET = 100


def representation() -> kl.models.LatentModel:
    """A decoder of the maps of a frozen encoder."""
    return kl.models.FeatureInverter.for_images(
        IMAGE_SHAPE,
        code_shape=CODE_SHAPE,
        feature_extractor=kl.applications.ConvEncDec(
            weights="emoji", include_top=False
        ),
    )


def pixels() -> kl.models.LatentModel:
    """The same networks, trained together."""
    return kl.models.Autoencoder.for_images(IMAGE_SHAPE, code_shape=CODE_SHAPE)


MODELS = {"frozen encoder": representation, "trained on pixels": pixels}


def columns_of(dataset: str, split: str) -> dict[str, np.ndarray]:
    """What is known of each image of a split, by name."""
    if dataset == "emoji":
        return emoji_columns(split)
    images, _ = kl.datasets.arrays(dataset, split)
    return {"image": images}


def same_glyph(codes: np.ndarray, columns: dict[str, np.ndarray]) -> float:
    """Accuracy of the nearest Twemoji of each Noto emoji, by the mean of its map."""
    means = codes.mean(axis=(1, 2))
    plain = columns["skin_tone"] == "none"
    rows = {
        style: {
            columns["glyph"][row]: row
            for row in np.flatnonzero(plain & (columns["style"] == style))
        }
        for style in ("noto", "twemoji")
    }
    both = sorted(rows["noto"].keys() & rows["twemoji"].keys())
    queries, gallery = (means[[rows[style][glyph] for glyph in both]] for style in rows)
    return float(kl.metrics.retrieval_accuracy(queries, gallery, k=1))


def measured(
    make: Any, data: dict[str, Any], arguments: argparse.Namespace
) -> tuple[dict[str, float], list[np.ndarray]]:
    """Train a model and a flow on its codes: what they measure, and pictures."""
    keras.utils.set_random_seed(arguments.seed)
    train, test = data["train"]["image"], data["test"]["image"]
    model = make()
    model.compile()
    begun = time.perf_counter()
    model.fit(train, epochs=arguments.epochs, batch_size=64, verbose=2)
    trained = time.perf_counter()
    sampler = kl.samplers.FlowMatching(
        model, epochs=arguments.flow_epochs, batch_size=64, seed=arguments.seed
    )
    sampler.fit(train)
    fitted = time.perf_counter()
    generated = sampler.sample(len(test), seed=arguments.seed)
    reconstructed = model.reconstruct(test)
    judge = kl.applications.ConvVAE(weights="emoji").to_encoder()
    score = kl.metrics.generation.kid(
        test, np.clip(generated, 0, 1), judge, subset_size=min(SUBSET, len(test))
    )
    found = {
        "mse": float(kl.metrics.mean_squared_error(test, reconstructed).mean()),
        "psnr": float(
            kl.metrics.peak_signal_to_noise_ratio(test, reconstructed).mean()
        ),
        "kid": float(score),
        "kid, half of it against the other": score.protocol.get("floor"),
        "minutes": (trained - begun) / 60,
        "minutes of the flow": (fitted - trained) / 60,
    }
    if "glyph" in data["test"]:
        found["same glyph"] = same_glyph(model.encode(test), data["test"])
    return found, [reconstructed[:SHOWN], generated[:SHOWN]]


def main() -> None:
    """Measure both, and write the figures and a picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", choices=("emoji", "icons"), default="emoji")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--flow-epochs", type=int, default=40)
    parser.add_argument("--images", type=int, help="of the training set. Default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("runs/representation"))
    arguments = parser.parse_args()
    folder = arguments.output / arguments.dataset
    folder.mkdir(parents=True, exist_ok=True)
    shuffled = np.random.default_rng(arguments.seed)
    data = {name: columns_of(arguments.dataset, name) for name in ("train", "test")}
    for name, columns in data.items():
        order = shuffled.permutation(len(columns["image"]))
        kept = order[: arguments.images if name == "train" else None]
        data[name] = {key: values[kept] for key, values in columns.items()}
    results, rows = {}, [data["test"]["image"][:SHOWN]]
    for name, make in MODELS.items():
        results[name], pictures = measured(make, data, arguments)
        rows += pictures
        print(name, json.dumps(results[name], indent=2), flush=True)
    text = json.dumps({"arguments": vars(arguments), **results}, default=str, indent=2)
    kl.saving.write_text(folder / "result.json", text + "\n")
    grid = np.concatenate([np.hstack(list(row)) for row in rows])
    keras.utils.save_img(
        folder / "pictures.png", 255 * np.clip(grid, 0, 1), scale=False
    )


if __name__ == "__main__":
    main()
