"""The variational family by NumPy."""

import numpy as np

from keras_latent import models
from keras_latent.likelihoods import Bernoulli
from keras_latent.typing import Batch
from tests.models import cases
from tests.models.references.formulas import (
    clipped,
    error_of,
    held,
    log_normal,
    log_softmax,
    log_sum_exp,
    mmd,
    normal_kl,
    sigmoid,
    softplus,
)
from tests.models.references.numbers import Reference, of

CLASSES = cases.CATEGORIES


def images(rows=5):
    return Batch(cases.images(rows))


def told_images(rows=5):
    return Batch(cases.conditional_data(rows))


def pairs(rows=5):
    return Batch(cases.images(rows), cases.partners(rows))


def parameters(n, model, *x):
    """Mean and log-variance of q(z|x)."""
    features = n.features(model, *x)
    log_var = clipped(n.layer(model.code_log_var, features), 20.0)
    return n.layer(model.code_mean, features), log_var


def reconstruction(n, model, x, *code):
    """−log p(x|z)."""
    return error_of(model, x, n.network(model.decoder, *code))


def drawn(n, q):
    mean, log_var = q
    return mean + np.exp(0.5 * log_var) * n.draw()


def vae(n, model, batch):
    q = parameters(n, model, batch.x)
    z = drawn(n, q)
    kl = normal_kl(*q)
    free_bits = float(model.free_bits)
    kl = np.where(held(kl).mean(axis=0) > free_bits, kl, free_bits)
    return {
        "reconstruction": reconstruction(n, model, batch.x, z),
        "kl": kl.sum(axis=1),
    }


def conditional(n, model, batch):
    x, y = batch.x["x"], batch.x["y"]
    told = np.eye(CLASSES)[y] * (y >= 0)[:, None]
    q = parameters(n, model, x, told)
    return {
        "reconstruction": reconstruction(n, model, x, drawn(n, q), told),
        "kl": normal_kl(*q).sum(axis=1),
    }


def capacity(n, model, batch):
    terms = vae_of(n, model, batch)[0]
    cost = terms["kl"] if model.per_example else terms["kl"].mean()
    excess = cost - float(model.capacity)
    return {**terms, "excess": excess * np.sign(held(excess))}


def vae_of(n, model, batch):
    q = parameters(n, model, batch.x)
    z = drawn(n, q)
    terms = {
        "reconstruction": reconstruction(n, model, batch.x, z),
        "kl": normal_kl(*q).sum(axis=1),
    }
    return terms, z, q


def info(n, model, batch):
    terms, z, _ = vae_of(n, model, batch)
    return {**terms, "mmd": mmd(z, n.draw(), model.kernel)}


def beta_tc(n, model, batch):
    terms, z, (mean, log_var) = vae_of(n, model, batch)
    rows, size = len(z), float(model.dataset_size)
    weights = np.full((rows, rows), 1.0 / (rows * size))
    if model.estimator == "stratified":
        weights[:] = (size - 1.0) / (size * max(rows - 1, 1))
        np.fill_diagonal(weights, 1.0 / size if rows > 1 else 1.0)
    densities = log_normal(z[:, None], mean[None], log_var[None])
    own = log_normal(z, mean, log_var).sum(axis=1)
    aggregate = log_sum_exp(np.log(weights) + densities.sum(axis=2), 1)
    each = log_sum_exp(np.log(weights)[..., None] + densities, 1).sum(axis=1)
    return {
        "reconstruction": terms["reconstruction"],
        "mutual_information": own - aggregate,
        "total_correlation": aggregate - each,
        "dimension_kl": each - log_normal(z).sum(axis=1),
    }


def dip(n, model, batch):
    terms, _, (mean, log_var) = vae_of(n, model, batch)
    centred = mean - mean.mean(axis=0)
    covariance = np.einsum("ki,kj->ij", centred, centred) / len(mean)
    diagonal = covariance.diagonal()
    off = (covariance**2).sum() - (diagonal**2).sum()
    if model.kind == "ii":
        diagonal = diagonal + np.exp(log_var).mean(axis=0)
    return {**terms, "off_diagonal": off, "diagonal": ((diagonal - 1.0) ** 2).sum()}


def factor(n, model, batch):
    terms, z, _ = vae_of(n, model, batch)
    told = n.network(model.discriminator, z)[:, 0]
    others = z[(len(z) + 1) // 2 :]
    discrimination = 0.0
    if len(others):
        order = np.argsort(n.draw(), axis=0)
        permuted = np.take_along_axis(others, order, axis=0)
        fooled = n.network(model.discriminator, permuted)[:, 0]
        discrimination = 0.5 * (softplus(-told).mean() + softplus(fooled).mean())
    return {**terms, "total_correlation": told, "discrimination": discrimination}


def semi_supervised(n, model, batch):
    x, y = batch.x["x"], batch.x["y"].astype(int)
    many, told = x.repeat(CLASSES, axis=0), np.tile(np.eye(CLASSES), (len(x), 1))
    q = parameters(n, model, many, told)
    error = reconstruction(n, model, many, drawn(n, q), told)
    cost = error + np.log(CLASSES) + normal_kl(*q).sum(axis=1)
    cost = cost.reshape(-1, CLASSES)
    log_class = log_softmax(n.network(model.classifier, x))
    guessed = (np.exp(log_class) * (cost + log_class)).sum(axis=1)
    rows, is_known = np.arange(len(x)), y >= 0
    return {
        "bound": np.where(is_known, cost[rows, y], guessed),
        "classification": np.where(is_known, -log_class[rows, y], 0.0),
    }


def weakly_supervised(n, model, batch):
    pair = batch.x, batch.y
    first, second = (parameters(n, model, x) for x in pair)
    (m1, v1), (m2, v2) = ((mean, np.exp(log_var)) for mean, log_var in (first, second))
    distances = 0.5 * held(v1 / v2 + (m1 - m2) ** 2 / v2 - 1.0 - np.log(v1 / v2))
    least, greatest = (f(distances, axis=1, keepdims=True) for f in (np.min, np.max))
    shared = distances < 0.5 * (least + greatest)
    mean, variance = 0.5 * (m1 + m2), 0.5 * (v1 + v2)
    if model.averaging == "mlvae":
        variance = 2.0 / (1.0 / v1 + 1.0 / v2)
        mean = 0.5 * variance * (m1 / v1 + m2 / v2)
    terms = {"reconstruction": 0.0, "kl": 0.0}
    for x, (own_mean, own_log_var) in zip(pair, (first, second), strict=True):
        q = (
            np.where(shared, mean, own_mean),
            np.where(shared, np.log(variance), own_log_var),
        )
        error = reconstruction(n, model, x, drawn(n, q))
        terms["reconstruction"] = terms["reconstruction"] + 0.5 * error
        terms["kl"] = terms["kl"] + 0.5 * normal_kl(*q).sum(axis=1)
    return terms


def hierarchical(n, model, batch):
    context = n.layer(model.code_context, n.network(model.encoder, batch.x))
    z, kl = context[:, :0], 0.0
    for level in range(len(model.code_sizes)):
        mean, log_var = 0.0, 0.0
        if level:
            told = n.network(model.prior.networks[level - 1], z)
            mean, log_var = np.split(told, 2, axis=1)
            log_var = clipped(log_var, 10.0)
        told = n.network(model.posterior.networks[level], context, z)
        q_mean, q_log_var = np.split(told, 2, axis=1)
        q_mean, q_log_var = mean + q_mean, log_var + clipped(q_log_var, 10.0)
        squares = (q_mean - mean) ** 2 / np.exp(log_var)
        ratio = np.exp(q_log_var - log_var)
        kl = kl + 0.5 * (squares + ratio - 1.0 - np.log(ratio)).sum(axis=1)
        own = drawn(n, (q_mean, q_log_var))
        z = np.concatenate([z, own], axis=1)
    return {
        "reconstruction": reconstruction(n, model, batch.x, z),
        "kl": kl,
    }


def slope(model, x, mean):
    """Of −log p(x|z) by the decoder's output."""
    is_bernoulli = isinstance(model.likelihood, Bernoulli)
    return (mean - x) / (mean * (1.0 - mean) if is_bernoulli else 1.0)


def hamiltonian(n, model, batch):
    q = parameters(n, model, batch.x)
    start, x = drawn(n, q), batch.x.reshape(len(batch.x), -1)
    z, noise, leapfrog = start, n.draw(), model.leapfrog
    step = 0.5 * sigmoid(n(leapfrog.step_logits))
    inverse = 1.0 + softplus(n(leapfrog.temperature_logit))
    steps = leapfrog.steps
    before, momentum = inverse, np.sqrt(inverse) * noise

    def force(z):
        of_x = n.pulled(model.decoder.layers, z, lambda mean: slope(model, x, mean))
        return of_x + z

    for k in range(1, steps + 1):
        momentum = momentum - 0.5 * step * force(z)
        z = z + step * momentum
        momentum = momentum - 0.5 * step * force(z)
        after = inverse + (1.0 - inverse) * (k / steps) ** 2
        momentum, before = momentum * np.sqrt(after / before), after
    kinetic = 0.5 * (momentum**2 - noise**2)
    kl = (log_normal(start, *q) - log_normal(z) + kinetic).sum(axis=1)
    return {
        "reconstruction": reconstruction(n, model, batch.x, z),
        "kl": kl,
    }


REFERENCES = [
    Reference("vae", of(models.VAE, beta=0.5), vae, images),
    Reference("vae-free-bits", of(models.VAE, beta=0.5, free_bits=0.5), vae, images),
    Reference(
        "conditional-vae",
        of(models.ConditionalVAE, cases.conditional_networks, num_classes=CLASSES),
        conditional,
        told_images,
    ),
    Reference(
        "factor-vae",
        of(models.FactorVAE, discriminator=cases.critic),
        factor,
        images,
    ),
    *(
        Reference(f"capacity-vae-{per_example}", build, capacity, images)
        for per_example in (False, True)
        for build in [
            of(models.CapacityVAE, capacity=1.0, gamma=2.0, per_example=per_example)
        ]
    ),
    *(
        Reference(f"info-vae-{kernel}", build, info, images)
        for kernel in ("imq", "rbf")
        for build in [of(models.InfoVAE, kl_weight=0.5, mmd_weight=30.0, kernel=kernel)]
    ),
    *(
        Reference(f"beta-tc-vae-{estimator}", build, beta_tc, images)
        for estimator in ("weighted", "stratified")
        for build in [of(models.BetaTCVAE, dataset_size=50, estimator=estimator)]
    ),
    *(
        Reference(
            f"dip-vae-{kind}",
            of(models.DIPVAE, kind=kind, off_diagonal_weight=3.0, diagonal_weight=2.0),
            dip,
            images,
        )
        for kind in ("i", "ii")
    ),
    Reference(
        "semi-supervised-vae",
        of(
            models.SemiSupervisedVAE,
            cases.conditional_networks,
            num_classes=CLASSES,
            classification_weight=0.5,
            classifier=cases.classifier,
        ),
        semi_supervised,
        told_images,
    ),
    *(
        Reference(f"weakly-supervised-vae-{averaging}", build, weakly_supervised, pairs)
        for averaging in ("gvae", "mlvae")
        for build in [of(models.WeaklySupervisedVAE, averaging=averaging)]
    ),
    Reference(
        "hierarchical-vae",
        of(models.HierarchicalVAE, code_sizes=[1, 2], width=5, beta=0.5),
        hierarchical,
        images,
    ),
    Reference(
        "hamiltonian-vae",
        of(models.HamiltonianVAE, leapfrog_steps=2, step_size=0.1),
        hamiltonian,
        images,
    ),
]
