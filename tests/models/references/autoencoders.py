"""The autoencoders by NumPy."""

import keras
import numpy as np

from keras_latent import layers, models
from keras_latent.typing import Batch
from tests.models import cases
from tests.models.references.formulas import (
    by_row,
    gaussian,
    held,
    log_softmax,
    mmd,
)
from tests.models.references.numbers import Reference, of

CLASSES = cases.CATEGORIES


def images(rows=5):
    return Batch(cases.images(rows))


def labelled(rows=5):
    return Batch(cases.images(rows), cases.digits(rows))


def code(n, model, x):
    return n.layer(model.code, n.features(model, x))


def decoded(n, model, x):
    """Codes, and −log p(x|z)."""
    z = code(n, model, x)
    return z, gaussian(x, n.network(model.decoder, z))


def plain(n, model, batch):
    return {"reconstruction": decoded(n, model, batch.x)[1]}


def sparse(n, model, batch):
    z, error = decoded(n, model, batch.x)
    kernels = [n(v) for v in model.trainable_variables if len(v.shape) > 1]
    return {
        "reconstruction": error,
        "l1": sum((w * np.sign(held(w))).sum() for w in kernels),
        "l2": sum((w**2).sum() for w in kernels),
        "activity": (z * np.sign(held(z))).sum(axis=1),
    }


def contractive(n, model, batch):
    chain = [*model.encoder.layers, model.code]
    if model.probes is None:
        # A row of the Jacobian for each element of the code.
        probes = np.eye(model.latent_dim)[:, None]
    else:
        probes = [n.draw() for _ in range(model.probes)]
    squares = sum(
        (n.pulled(chain, batch.x, lambda z, v=v: v + 0.0 * z) ** 2).sum(axis=1)
        for v in probes
    )
    return {
        **plain(n, model, batch),
        "contraction": squares / (model.probes or 1),
    }


def denoising(n, model, batch):
    x, corruption = batch.x, model.corruption
    if isinstance(corruption, layers.GaussianCorruption):
        corrupted = x + corruption.stddev * n.draw()
    else:
        corrupted = x * (n.draw() >= corruption.rate)
    z = code(n, model, corrupted)
    return {"reconstruction": gaussian(x, n.network(model.decoder, z))}


def constrained(n, model, batch):
    z, error = decoded(n, model, batch.x)
    log_class = log_softmax(n.network(model.heads, z))
    rows, y = np.arange(len(z)), batch.y
    neighbour = held(z) + float(model.perturbation_scale) * n.draw()
    again = code(n, model, n.network(model.decoder, neighbour))
    return {
        "reconstruction": error,
        "classification": np.where(y >= 0, -log_class[rows, y], 0.0),
        "perturbation": ((again - neighbour) ** 2).sum(axis=1),
    }


def wasserstein(n, model, batch):
    z, error = decoded(n, model, batch.x)
    return {"reconstruction": error, "mmd": mmd(z, n.draw(), model.kernel)}


def largest_singular_value(matrix):
    """With its gradient, u vᵀ."""
    left, _, right = np.linalg.svd(held(matrix))
    return left[:, 0] @ matrix @ right[0]


def regularized(n, model, batch):
    z, error = decoded(n, model, batch.x)
    weights = [n(v) for v in model.decoder.trainable_variables]
    penalty = 0.0
    if model.penalty == "l2":
        penalty = sum((w**2).sum() for w in weights)
    elif model.penalty == "spectral":
        kernels = [w for w in weights if w.ndim > 1]
        penalty = sum(largest_singular_value(w) ** 2 for w in kernels)
    elif model.penalty == "gradient":
        for _ in range(model.probes):
            v = n.draw().reshape(len(z), -1)
            pull = n.pulled(model.decoder.layers, z, lambda mean, v=v: v + 0.0 * mean)
            penalty = penalty + (pull**2).sum(axis=1) / model.probes
    return {
        "reconstruction": error,
        "code": 0.5 * by_row(z**2),
        "penalty": penalty,
    }


def implicit_rank(n, model, batch):
    z = n.network(model.encoder, batch.x)
    for layer in model.code.layers:
        z = n.layer(layer, z)
    return {"reconstruction": gaussian(batch.x, n.network(model.decoder, z))}


def inverted(n, model, batch):
    """From features of a frozen network, whose statistics stay, and a number."""
    features = batch.x
    for layer in model.feature_extractor.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            deviation = np.sqrt(n(layer.moving_variance) + layer.epsilon)
            features = (features - n(layer.moving_mean)) / deviation
            features = features * n(layer.gamma) + n(layer.beta)
        elif not isinstance(layer, keras.layers.Dropout):
            features = n.layer(layer, features)
    extra = n.network(model.extra_encoder, batch.x)
    mean = n.network(model.decoder, features, extra)
    return {"reconstruction": gaussian(batch.x, mean)}


def settle(model):
    """Let the power method find the values of weights that were just set."""
    if model.penalty == "spectral":
        model.spectral_norms.settle(model._kernels())


REFERENCES = [
    Reference("autoencoder", of(models.Autoencoder, cases.map_networks), plain, images),
    Reference(
        "sparse",
        of(models.SparseAutoencoder, l1=0.01, l2=0.02, activity=0.3),
        sparse,
        images,
    ),
    *(
        Reference(f"contractive-{probes}", build, contractive, images)
        for probes in (None, 2)
        for build in [
            of(models.ContractiveAutoencoder, contraction_weight=0.5, probes=probes)
        ]
    ),
    Reference("denoising-masking", of(models.DenoisingAutoencoder), denoising, images),
    Reference(
        "denoising-gaussian",
        of(
            models.DenoisingAutoencoder,
            corruption=lambda: layers.GaussianCorruption(0.3),
        ),
        denoising,
        images,
    ),
    Reference(
        "constrained",
        of(
            models.ConstrainedAutoencoder,
            heads=CLASSES,
            classification_weight=0.7,
            perturbation_weight=0.3,
        ),
        constrained,
        labelled,
    ),
    *(
        Reference(f"wasserstein-{kernel}", build, wasserstein, images)
        for kernel in ("imq", "rbf")
        for build in [of(models.WassersteinAutoencoder, mmd_weight=30.0, kernel=kernel)]
    ),
    *(
        Reference(f"regularized-{penalty}", build, regularized, images, settle)
        for penalty in ("l2", "gradient", "spectral", None)
        for build in [
            of(
                models.RegularizedAutoencoder,
                code_weight=0.3,
                penalty=penalty,
                penalty_weight=0.2 if penalty else 0.0,
            )
        ]
    ),
    Reference(
        "implicit-rank",
        of(models.ImplicitRankAutoencoder, linear_layers=2),
        implicit_rank,
        images,
    ),
    Reference(
        "inverter",
        of(models.FeatureInverter, cases.inverter_networks),
        inverted,
        images,
    ),
]
