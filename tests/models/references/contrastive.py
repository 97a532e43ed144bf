"""The encoder-decoders by NumPy."""

import numpy as np

from keras_latent import models
from tests.models.references.autoencoders import code, images
from tests.models.references.formulas import held
from tests.models.references.numbers import Reference, of
from tests.models.references.variational import drawn, parameters


def same(a, b):
    return 0.5 * ((a - b) ** 2).mean(axis=-1)


def different(a, b, margin):
    distance = np.sqrt(((a - b) ** 2).mean(axis=-1))
    return 0.5 * np.where(held(distance) < margin, margin - distance, 0.0) ** 2


def spread(z, margin):
    """Of each row's pair, so that the mean over rows is that over pairs."""
    pairs = len(z) // 2
    each = different(z[0 : 2 * pairs : 2], z[1 : 2 * pairs : 2], margin)
    of_rows = np.zeros(len(z), complex)
    of_rows[: 2 * pairs] = np.repeat(each, 2)
    return of_rows * len(z) / max(2 * pairs, 1)


def encdec(n, model, batch):
    margin = float(model.margin)
    z = code(n, model, batch.x)
    generated = n.network(model.decoder, z)
    again, fixed = (code(n, model, x) for x in (generated, held(generated)))
    return {
        "cycle": same(again, z),
        "spread": spread(z, margin),
        "discrimination": different(fixed, z, margin),
    }


def variational(n, model, batch):
    margin = float(model.margin)
    q = parameters(n, model, batch.x)
    z = drawn(n, q)
    generated = n.network(model.decoder, z)
    again, fixed = (parameters(n, model, x) for x in (generated, held(generated)))
    shares = ((q, 0.125), (again, 0.125), (fixed, 0.25))
    return {
        "cycle": same(again[0], z),
        "spread": spread(z, margin),
        "discrimination": different(fixed[0], z, margin),
        "kl": sum(
            share * (np.exp(log_var) - 1.0 - log_var).sum(axis=1)
            for (_, log_var), share in shares
        ),
        "kl_mean": sum(share * (mean**2).sum(axis=1) for (mean, _), share in shares),
    }


REFERENCES = [
    Reference("encdec", of(models.EncDec, margin=1.5), encdec, images),
    Reference(
        "variational-encdec",
        of(models.VariationalEncDec, margin=1.5, kl_weight=0.1, kl_mean_weight=0.2),
        variational,
        images,
    ),
]
