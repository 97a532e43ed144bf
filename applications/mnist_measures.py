"""What is measured of every model of MNIST."""

from typing import Any

import numpy as np

import keras_latent as kl

LIKELIHOOD_SAMPLES = 200


def measure(model: kl.models.LatentModel) -> dict[str, Any]:
    """Reconstruction, neighbours and linear probe of frozen codes; likelihood.

    Codes are those of all 60,000 training digits, errors those of all 10,000 test
    digits.
    """
    known_images, known = kl.datasets.arrays("mnist", "train")
    images, labels = kl.datasets.arrays("mnist", "test")
    encoder = model.to_encoder()
    known_codes = encoder.predict(known_images, batch_size=500, verbose=0)
    codes = encoder.predict(images, batch_size=500, verbose=0)
    reconstructions = model.predict(images, batch_size=500, verbose=0)
    error = kl.metrics.mean_squared_error(images, reconstructions).mean()
    neighbours = kl.metrics.knn_accuracy(known_codes, known, codes, labels)
    probe = kl.metrics.linear_probe(known_codes, known, codes, labels)
    measures = {
        "mse": {"what": "mean squared error of the pixels", "value": float(error)},
        "knn": {
            "what": "accuracy of the 5 nearest neighbours among 60,000 codes",
            "value": 100 * float(neighbours),
            "unit": " %",
        },
        "probe": {
            "what": "accuracy of a logistic regression on 60,000 standardised codes",
            "value": 100 * float(probe),
            "unit": " %",
        },
    }
    if isinstance(model, kl.models.VariationalModel):
        measures["nll"] = {
            "what": "negative log-likelihood of the digits, dynamically binarized, by "
            f"{LIKELIHOOD_SAMPLES} importance samples",
            "value": -float(evidence(model).mean()),
            "unit": " nats",
        }
    return measures


def evidence(model: kl.models.VariationalModel, count: int | None = None) -> np.ndarray:
    """An estimate of log p(x) of each test digit, binarized once, in nats.

    Args:
        model: The model.
        count: How many digits, from the first on. Defaults to `None`: all.
    """
    images, _ = kl.datasets.arrays("mnist", "test", limit=count)
    noise = np.random.default_rng(0).random(images.shape, dtype="float32")
    binary = (noise < images).astype("float32")
    return model.log_likelihood(binary, num_samples=LIKELIHOOD_SAMPLES)


def with_targets(
    measures: dict[str, Any], targets: dict[str, tuple[str, float]]
) -> dict[str, Any]:
    """Add to each measure its target, and by how much it was missed if it was.

    Args:
        measures: As `measure` gives them.
        targets: Name of the measure → `"≤"` or `"≥"` and the target.
    """
    for name, (sign, target) in targets.items():
        measure = measures[name]
        by = measure["value"] - target if sign == "≤" else target - measure["value"]
        missed = f", missed by {by:.2g}" if by > 0 else ""
        measure["target"] = f"{sign} {target:g}{missed}"
    return measures
