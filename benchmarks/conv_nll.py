"""Negative log-likelihood of digits by convolutional models with richer priors.

`ConvVAE(weights="mnist")` as it comes, and its networks trained on with other priors
and objectives; digits are binarized anew at each sight. Measured as its card is: 10,000
test digits, 200 importance samples. A row that was cut goes on from its last epoch.

    PYTHONPATH=. python benchmarks/conv_nll.py
    PYTHONPATH=. python benchmarks/conv_nll.py --rows "autoregressive prior" --epochs 1
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from policies import PRECISIONS, policy

import keras_latent as kl
from applications.conv_vae_mnist import binarize
from applications.mnist_measures import LIKELIHOOD_SAMPLES, measure
from applications.recipe import Recipe, train
from keras_latent.cli.run_folder import RunFolder

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


def trained(
    recipe: Recipe, folder: RunFolder, arguments: argparse.Namespace
) -> tuple[kl.models.LatentModel, float]:
    """The model of a row after its epochs, and the minutes that they took."""
    if not recipe.epochs:
        return recipe.builder(), 0.0
    keras.utils.set_random_seed(arguments.seed)
    with policy(arguments.precision):
        model, rows = folder.load() or (recipe.builder(), [])
    if not rows:
        model.compile(recipe.optimizer(recipe.learning_rate))
    epochs = arguments.epochs or recipe.epochs
    train(recipe, model, rows, folder, epochs, arguments.seed)
    exact = recipe.builder()
    exact.set_weights(model.get_weights())
    return exact, sum(row["seconds"] for row in rows) / 60


def evidence(model: kl.models.LatentModel, count: int) -> np.ndarray:
    """The estimate of each test digit, in nats."""
    images, _ = kl.datasets.arrays("mnist", "test", limit=count)
    noise = np.random.default_rng(0).random(images.shape, dtype="float32")
    binary = (noise < images).astype("float32")
    return model.log_likelihood(binary, num_samples=LIKELIHOOD_SAMPLES)


def main() -> None:
    """Train and measure what isn't measured yet, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--epochs", type=int, help="of each row. Default: its own")
    parser.add_argument("--test-digits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--output", type=Path, default=Path("runs/conv_nll"))
    arguments = parser.parse_args()
    for name in arguments.rows:
        epochs = arguments.epochs or ROWS[name].epochs
        own = f"{name}-{epochs}-{arguments.seed}-{arguments.precision}"
        folder = RunFolder(arguments.output / own)
        folder.path.mkdir(parents=True, exist_ok=True)
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
