"""What is measured of every inverter of features, on training and on unseen images."""

from typing import Any

import numpy as np

import keras_latent as kl


def measure(model: kl.models.FeatureInverter, dataset: str) -> dict[str, Any]:
    """MSE and SSIM, with the features and without."""
    train, _ = kl.datasets.arrays(dataset, "train", limit=10_000)
    unseen, _ = kl.datasets.arrays(dataset, "test")
    decoded = {
        "training images": (train, model.predict(train, batch_size=250, verbose=0)),
        "unseen images": (unseen, model.predict(unseen, batch_size=250, verbose=0)),
        "unseen images with the features at 0": (unseen, _ablated(model, unseen)),
    }
    measures = {}
    for name, (images, made) in decoded.items():
        measures[f"mse of {name}"] = {
            "what": f"mean squared error of {name}",
            "value": float(kl.metrics.mean_squared_error(images, made).mean()),
        }
        measures[f"ssim of {name}"] = {
            "what": f"structural similarity of {name}",
            "value": float(kl.metrics.structural_similarity(images, made).mean()),
        }
    return measures


def _ablated(model: kl.models.FeatureInverter, images: np.ndarray) -> np.ndarray:
    batches = np.array_split(images, -(-len(images) // 250))
    return np.concatenate([model.ablate(batch) for batch in batches])
