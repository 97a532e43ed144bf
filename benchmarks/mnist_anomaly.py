"""One-class anomaly detection on MNIST: the mean AUROC over the ten digits.

The protocol of Ruff et al. 2018, "Deep one-class classification", table 1: for each
digit, a model learns from its training images alone and scores the 10,000 test digits,
of which the others are the anomalies. Published: 0.948 (one-class Deep SVDD), 0.897
(convolutional autoencoder). Ours is an `Autoencoder` with the default networks; an
anomaly is scored by the error of its reconstruction, and by the distance of its code to
the nearest codes of the digit's training images.

    python benchmarks/mnist_anomaly.py
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np

import keras_latent as kl
from keras_latent.metrics import anomaly

PUBLISHED = {"Deep SVDD": 0.948, "convolutional autoencoder": 0.897}
HELD_OUT = 500


def scores_of(
    digit: int, arguments: argparse.Namespace, splits: dict[str, tuple]
) -> dict[str, dict[str, float]]:
    """AUROC of both scores for one digit, and the rates at a threshold."""
    images, labels = splits["train"]
    normal = images[labels == digit]
    # The threshold is set by normal digits that the model was not trained on.
    held_out, normal = normal[:HELD_OUT], normal[HELD_OUT:]
    test_images, test_labels = splits["test"]
    is_normal = test_labels == digit

    keras.utils.set_random_seed(arguments.seed)
    model = kl.models.Autoencoder.for_images(
        (28, 28, 1), latent_dim=arguments.latent_dim
    )
    steps = arguments.epochs * -(-len(normal) // 64)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(keras.optimizers.Adam(rate))
    model.fit(normal, epochs=arguments.epochs, batch_size=64, verbose=0)

    encoder = model.to_encoder()

    def codes(x: np.ndarray) -> np.ndarray:
        return encoder.predict(x, batch_size=500, verbose=0)

    known = codes(normal)
    scores = {
        "reconstruction": (
            anomaly.reconstruction_scores(model, held_out),
            anomaly.reconstruction_scores(model, test_images),
        ),
        "latent distance": (
            anomaly.distance_scores(known, codes(held_out)),
            anomaly.distance_scores(known, codes(test_images)),
        ),
    }
    results = {}
    for name, (held_out_scores, test_scores) in scores.items():
        limit = anomaly.threshold(held_out_scores, false_alarm_rate=0.05)
        results[name] = {
            "auroc": float(
                anomaly.auroc(test_scores[is_normal], test_scores[~is_normal])
            ),
            "false alarms": float((test_scores[is_normal] > limit).mean()),
            "detected": float((test_scores[~is_normal] > limit).mean()),
        }
    return results


def main() -> None:
    """Train ten models and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--latent-dim", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("runs/mnist_anomaly.json"))
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    splits = {name: kl.datasets.arrays("mnist", name) for name in ("train", "test")}
    start = time.perf_counter()
    digits = []
    for digit in range(10):
        digits.append(scores_of(digit, arguments, splits))
        print(digit, json.dumps(digits[-1]), flush=True)
    mean = {
        score: {
            measure: round(float(np.mean([one[score][measure] for one in digits])), 4)
            for measure in digits[0][score]
        }
        for score in digits[0]
    }
    result = {
        "mean": mean,
        "published": PUBLISHED,
        "digits": digits,
        "epochs": arguments.epochs,
        "latent_dim": arguments.latent_dim,
        "seed": arguments.seed,
        "minutes": round((time.perf_counter() - start) / 60, 1),
    }
    kl.saving.write_text(arguments.output, json.dumps(result, indent=2) + "\n")
    print(json.dumps({"mean": mean, "minutes": result["minutes"]}, indent=2))


if __name__ == "__main__":
    main()
