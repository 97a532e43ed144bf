"""Negative log-likelihood of digits by convolutional models with richer priors.

`ConvVAE(weights="mnist")` as it comes, and its networks trained on with other priors
and objectives; digits are binarized anew at each sight. Measured as its card is: 10,000
test digits, 200 importance samples. A row that was cut goes on from its last epoch.

    PYTHONPATH=. python benchmarks/conv_nll.py
    PYTHONPATH=. python benchmarks/conv_nll.py --rows "autoregressive prior" --epochs 1
"""

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from recipe_rows import folder_of, parser, trained

import keras_latent as kl
from applications.conv_vae_mnist import binarize
from applications.mnist_measures import evidence, measure
from applications.recipe import Recipe

STEPS_OF_PRIOR = 4


def as_it_comes() -> kl.models.LatentModel:
    """The pretrained model, whose prior is the standard normal."""
    return kl.applications.ConvVAE(weights="mnist")


def _with_its_networks(variant: type, **arguments: Any) -> kl.models.LatentModel:
    trained = as_it_comes()
    model = variant(trained.encoder, trained.decoder, trained.likelihood, **arguments)
    # What stands between the encoder and the posterior belongs to the model.
    for name in ("code_mean", "code_log_var"):
        getattr(model, name).set_weights(getattr(trained, name).get_weights())
    return model


def _autoregressive_prior() -> kl.distributions.Flow:
    return kl.distributions.Flow(flows=["masked_autoregressive"] * STEPS_OF_PRIOR)


def longer() -> kl.models.LatentModel:
    """The same model."""
    return _with_its_networks(kl.models.VAE)


def autoregressive_prior() -> kl.models.LatentModel:
    """A prior of masked autoregressive flows."""
    return _with_its_networks(kl.models.VAE, prior=_autoregressive_prior())


def importance_weighted() -> kl.models.LatentModel:
    """That prior, and the bound of five samples."""
    return _with_its_networks(
        kl.models.IWAE, prior=_autoregressive_prior(), num_samples=5
    )


def _of(make: Callable[[], kl.models.LatentModel], epochs: int) -> Recipe:
    return Recipe(
        name=make.__name__,
        builder=make,
        dataset="mnist",
        measure=measure,
        epochs=epochs,
        batch_size=100,
        optimizer=keras.optimizers.Adam,
        learning_rate=5e-4,
        augment=binarize,
    )


ROWS = {
    "as it comes": _of(as_it_comes, 0),
    "longer": _of(longer, 20),
    "autoregressive prior": _of(autoregressive_prior, 20),
    "autoregressive prior, IWAE-5": _of(importance_weighted, 8),
}


def main() -> None:
    """Train and measure what isn't measured yet, and print it."""
    options = parser(__doc__, ROWS, "runs/conv_nll")
    options.add_argument("--test-digits", type=int, default=10_000)
    arguments = options.parse_args()
    for name in arguments.rows:
        folder = folder_of(name, ROWS[name], arguments)
        file = folder.path / f"result-{arguments.test_digits}.json"
        if not file.exists():
            model, minutes = trained(ROWS[name], folder, arguments)
            nats = -evidence(model, arguments.test_digits)
            found = {
                "nll": float(nats.mean()),
                "standard error": float(nats.std() / np.sqrt(len(nats))),
                "minutes of training": minutes,
            }
            kl.saving.write_text(file, json.dumps(found, indent=1) + "\n")
        print(name, file.read_text(encoding="utf-8"), flush=True)


if __name__ == "__main__":
    main()
