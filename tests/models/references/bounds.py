"""The bounds of many draws by NumPy."""

import numpy as np

from keras_latent import distributions, models
from tests.models.references.formulas import (
    error_of,
    held,
    log_normal,
    log_softmax,
    log_sum_exp,
    valued,
)
from tests.models.references.numbers import Reference, of
from tests.models.references.variational import images, parameters


def log_mixture(n, prior, z):
    """Log p(z) of a mixture of normal distributions."""
    means, log_vars = n(prior.means), n(prior.log_vars)
    each = log_normal(z[..., None, :], means, log_vars).sum(axis=-1)
    return log_sum_exp(each + log_softmax(n(prior.logits)), -1)


def log_joint(n, model, x, z):
    """Log p(x|z) + log p(z) of K draws a row, of shape (rows, K)."""
    rows, draws, size = z.shape
    mean = n.network(model.decoder, z.reshape(rows * draws, size))
    log_p = -error_of(model, np.repeat(x, draws, axis=0), mean).reshape(rows, draws)
    if hasattr(model.prior, "logits"):
        return log_p + log_mixture(n, model.prior, z)
    return log_p + log_normal(z).sum(axis=-1)


def log_q(z, q):
    mean, log_var = (parameter[:, None] for parameter in q)
    return log_normal(z, mean, log_var).sum(axis=-1)


def many(n, model, x, draws):
    """Parameters, and K draws of each row."""
    q = parameters(n, model, x)
    noise = n.draw().reshape(len(x), draws, -1)
    mean, log_var = (parameter[:, None] for parameter in q)
    return q, mean + np.exp(0.5 * log_var) * noise


def importance_weighted(n, model, batch):
    q, z = many(n, model, batch.x, model.num_samples)
    log_w = log_joint(n, model, batch.x, z) - log_q(z, q)
    bound = log_sum_exp(log_w, 1) - np.log(model.num_samples)
    if model.gradient == "iwae":
        return {"bound": -bound}
    weights = held(np.exp(log_softmax(log_w)))
    fixed = [held(parameter) for parameter in q]
    through_z = log_joint(n.held(), model, batch.x, z) - log_q(z, fixed)
    of_decoder = log_joint(n, model, batch.x, held(z))
    power = {"stl": 1, "dreg": 2}[model.gradient]
    surrogate = (weights**power * through_z + weights * of_decoder).sum(axis=1)
    return {"bound": -valued(bound, surrogate)}


def weighed(n, model, batch):
    bounds, samples = model.num_bounds, model.num_samples
    q, z = many(n, model, batch.x, bounds * samples)
    log_w = log_joint(n, model, batch.x, z) - log_q(z, q)
    of_each = log_sum_exp(log_w.reshape(-1, bounds, samples), 2) - np.log(samples)
    of_all = log_sum_exp(log_w, 1) - np.log(bounds * samples)
    return -of_each.mean(axis=1), -of_all, -log_w.mean(axis=1)


def many_bounds(n, model, batch):
    return {"bound": weighed(n, model, batch)[0]}


def combined(n, model, batch):
    bound, _, lower = weighed(n, model, batch)
    mixing = float(model.mixing)
    return {"combined_bound": mixing * lower + (1.0 - mixing) * bound}


def partial(n, model, batch):
    mean_bound, bound, _ = weighed(n, model, batch)
    return {"mean_bound": mean_bound, "bound": bound}


def mixture():
    return distributions.NormalMixture(2)


REFERENCES = [
    *(
        Reference(f"iwae-{gradient}", build, importance_weighted, images)
        for gradient in ("iwae", "stl", "dreg")
        for build in [of(models.IWAE, num_samples=3, gradient=gradient, prior=mixture)]
    ),
    Reference(
        "miwae", of(models.MIWAE, num_bounds=2, num_samples=3), many_bounds, images
    ),
    Reference(
        "ciwae",
        of(models.CIWAE, num_bounds=2, num_samples=3, mixing=0.3),
        combined,
        images,
    ),
    Reference(
        "piwae",
        of(models.PIWAE, num_bounds=2, num_samples=3, prior=mixture),
        partial,
        images,
    ),
]
