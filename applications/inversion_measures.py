"""What is measured of every inverter of features, on training and on unseen images."""

from typing import Any

import numpy as np

import keras_latent as kl


def measure(model: kl.models.FeatureInverter, dataset: str) -> dict[str, Any]:
    """MSE and SSIM, with the features and without; what the features tell.

    Raises:
        ValueError: If the model has no feature extractor.
    """
    extractor = model.feature_extractor
    if extractor is None:
        raise ValueError(
            "`model` must have a feature extractor. Received: "
            "model.feature_extractor=None"
        )
    train, classes = kl.datasets.arrays(dataset, "train", limit=10_000)
    unseen, unseen_classes = kl.datasets.arrays(dataset, "test")
    decoded = {
        "": ("unseen images", unseen, model.predict(unseen, 250, verbose=0)),
        "train ": ("training images", train, model.predict(train, 250, verbose=0)),
        "ablated ": (
            "unseen images with the features at 0",
            unseen,
            _ablated(model, unseen),
        ),
    }
    measures = {}
    for prefix, (what, images, made) in decoded.items():
        measures[f"{prefix}mse"] = {
            "what": f"mean squared error of {what}",
            "value": float(kl.metrics.mean_squared_error(images, made).mean()),
        }
        measures[f"{prefix}ssim"] = {
            "what": f"structural similarity of {what}",
            "value": float(kl.metrics.structural_similarity(images, made).mean()),
        }
    accuracy = kl.metrics.linear_probe(
        extractor.predict(train, 250, verbose=0),
        classes,
        extractor.predict(unseen, 250, verbose=0),
        unseen_classes,
    )
    measures["probe"] = {
        "what": "accuracy of a logistic regression on the features, of "
        f"{len(train):,} images",
        "value": 100 * float(accuracy),
        "unit": " %",
    }
    return measures


def _ablated(model: kl.models.FeatureInverter, images: np.ndarray) -> np.ndarray:
    batches = np.array_split(images, -(-len(images) // 250))
    return np.concatenate([model.ablate(batch) for batch in batches])
