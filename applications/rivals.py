"""What principal components with as many numbers make of the same images."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import keras_latent as kl
from applications.pictures import opened
from keras_latent.metrics import mean_squared_error, peak_signal_to_noise_ratio


def of_components(
    numbers: int, dataset: str, tests: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Reconstructions by the principal components of a dataset's training images.

    Args:
        numbers: How many components are kept.
        dataset: A name that `opened` takes.
        tests: Images by name.

    Returns:
        The reconstructions, by the same names.
    """
    train = opened(dataset).split("train")

    def images_in_batches() -> Iterator[np.ndarray]:
        for batch, _ in train.batches(500).as_numpy_iterator():
            yield batch

    components = kl.metrics.principal_components(images_in_batches, numbers)
    return {name: components.reconstruct(images) for name, images in tests.items()}


def errors_of_components(numbers: int, dataset: str) -> dict[str, Any]:
    """The rows of a card that stand beside those of the model's reconstructions.

    Args:
        numbers: The model's `latent_dim`.
        dataset: `"mnist"` or `"emoji"`.
    """
    images, _ = kl.datasets.arrays(dataset, "test")
    decoded = of_components(numbers, dataset, {"test": images})["test"]
    rows = {
        "pca mse": {
            "what": f"PCA with {numbers} numbers: mean squared error of the pixels",
            "value": float(mean_squared_error(images, decoded).mean()),
        }
    }
    if dataset == "emoji":
        ratios = peak_signal_to_noise_ratio(images, decoded)
        rows["pca psnr"] = {
            "what": f"PCA with {numbers} numbers: mean peak signal-to-noise ratio",
            "value": float(ratios.mean()),
            "unit": " dB",
        }
    return rows
