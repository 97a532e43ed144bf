"""Maps of codes, and their judges, by NumPy."""

import functools

import numpy as np

from keras_latent import models, quantizers
from tests.models import cases
from tests.models.references import variational
from tests.models.references.autoencoders import images
from tests.models.references.formulas import (
    by_row,
    gaussian,
    held,
    log_softmax,
    normal_kl,
    sigmoid,
    softplus,
)
from tests.models.references.numbers import Reference, of


def straight_through(e, code):
    """The code, with the gradient of e."""
    return held(code) + (e - held(e))


def rotated(e, code):
    """The code, with the gradient of e turned and stretched as the code is from e."""
    fixed, code = held(e), held(code)
    lengths = [np.linalg.norm(a, axis=-1, keepdims=True) for a in (fixed, code)]
    e_unit, c_unit = fixed / lengths[0], code / lengths[1]
    r = e_unit + c_unit
    r = r / np.linalg.norm(r, axis=-1, keepdims=True)
    size = e.shape[-1]
    turn = np.eye(size) - 2.0 * r[..., None] * r[..., None, :]
    turn = turn + 2.0 * c_unit[..., None] * e_unit[..., None, :]
    moved = np.einsum("...ij,...j->...i", turn, e - fixed)
    return code + lengths[1] / lengths[0] * moved


def nearest(e, table):
    distances = ((held(e)[..., None, :] - held(table)) ** 2).sum(axis=-1)
    return distances.argmin(axis=-1)


def vector_quantized(n, quantizer, e):
    """Codes of a table, and the terms."""
    table = n(quantizer.codebook.embeddings)
    code = table[nearest(e, table)]
    terms = {
        "commitment": by_row((e - held(code)) ** 2),
        "codebook": by_row((held(e) - code) ** 2),
    }
    pass_through = rotated if quantizer.gradient == "rotation" else straight_through
    return pass_through(e, code), terms


def residual(n, quantizer, e):
    left, terms = e, {"commitment": 0.0, "codebook": 0.0}
    total = 0.0
    for level in quantizer.quantizers:
        code, own = vector_quantized(n, level, left)
        left, total = left - held(code), total + held(code)
        terms = {name: terms[name] + own[name] for name in terms}
    return straight_through(e, total), terms


def finite_scalar(n, quantizer, e):
    levels = np.array(quantizer.levels)
    bound = (levels - 1) * (1.0 - 1e-3) / 2.0
    offset = np.where(levels % 2 == 0, 0.5, 0.0)
    bounded = np.tanh(e + np.tan(offset / bound)) * bound - offset
    rounded = straight_through(bounded, np.round(held(bounded)))
    return rounded / (levels // 2), {}


def lookup_free(n, quantizer, e):
    signs = np.where(held(e) > 0.0, 1.0, -1.0)
    logits = 4.0 * quantizer.inverse_temperature * e
    p = sigmoid(logits)
    entropies = p * softplus(-logits) + sigmoid(-logits) * softplus(logits)
    bits = e.shape[-1]
    mean_entropy = 0.0
    for code in np.ndindex(*[2] * bits):
        of_code = np.where(np.array(code) == 1, p, 1.0 - p).prod(axis=-1).mean()
        if held(of_code) > 0.0:
            mean_entropy = mean_entropy - of_code * np.log(of_code)
    positions = np.prod(e.shape[1:-1])
    return straight_through(e, signs), {
        "commitment": by_row((e - signs) ** 2),
        "entropy": by_row(entropies),
        "uniformity": positions * (bits * np.log(2.0) - mean_entropy),
    }


def gumbel(n, quantizer, e):
    table, log_pi = n(quantizer.codebook.embeddings), log_softmax(e)
    noise = -np.log(-np.log(n.draw()))
    y = np.exp(log_softmax((e + noise) / np.real(n(quantizer.temperature))))
    if quantizer.straight_through:
        y = np.eye(y.shape[-1])[held(y).argmax(axis=-1)] + (y - held(y))
    kl = by_row(np.exp(log_pi) * log_pi) + np.prod(e.shape[1:-1]) * np.log(e.shape[-1])
    return y @ table, {"kl": kl}


def quantized(n, model, batch, quantize):
    e = n.layer(model.code, n.network(model.encoder, batch.x))
    return quantize(n, model.quantizer, e)


def vqvae(n, model, batch, quantize):
    code, terms = quantized(n, model, batch, quantize)
    mean = n.network(model.decoder, code)
    return {"reconstruction": gaussian(batch.x, mean), **terms}


def two_maps(n, model, batch):
    e = n.network(model.encoder, batch.x)
    e = n.layer(model.code, e)
    both = model.quantizer
    top_e = n.layer(both.top_projection, n.network(model.top_encoder, e))
    top, of_top = vector_quantized(n, both.top, top_e)
    told = np.concatenate([e, n.network(model.top_decoder, top)], axis=-1)
    bottom_e = n.layer(both.bottom_projection, told)
    bottom, terms = vector_quantized(n, both.bottom, bottom_e)
    height, width = bottom.shape[1:3]
    above = top.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
    mean = n.network(model.decoder, np.concatenate([bottom, above], axis=-1))
    return {
        "reconstruction": gaussian(batch.x, mean),
        **{name: terms[name] + of_top[name] for name in terms},
    }


def judged(n, model, x, mean, error):
    """What the frozen network and the critic say of a reconstruction."""
    terms = {"reconstruction": error}
    size = x[0].size
    if model.feature_extractor is not None:
        distance, pair = 0.0, [x, mean]
        for layer in model.feature_extractor.layers[:2]:
            pair = [n.layer(layer, a) for a in pair]
            units = [
                a / np.sqrt((a**2).sum(axis=-1, keepdims=True) + 1e-10) for a in pair
            ]
            squares = ((units[0] - units[1]) ** 2).sum(axis=-1)
            distance = distance + squares.reshape(len(x), -1).mean(axis=1)
        terms["feature"] = size * distance
    real, told = (
        n.network(model.discriminator, a).reshape(len(x), -1) for a in (x, mean)
    )
    hinges = [np.where(held(h) > 0.0, h, 0.0) for h in (1.0 - real, 1.0 + told)]
    return {
        **terms,
        "adversarial": -size * told.mean(axis=1),
        "discrimination": 0.5 * (hinges[0].mean(axis=1) + hinges[1].mean(axis=1)),
    }


def vqgan(n, model, batch):
    code, terms = quantized(n, model, batch, vector_quantized)
    mean = n.network(model.decoder, code)
    error = gaussian(batch.x, mean)
    return {**terms, **judged(n, model, batch.x, mean, error)}


def autoencoder_kl(n, model, batch):
    q = variational.parameters(n, model, batch.x)
    mean = n.network(model.decoder, variational.drawn(n, q))
    error = gaussian(batch.x, mean)
    kl = by_row(normal_kl(*q))
    return {"kl": kl, **judged(n, model, batch.x, mean, error)}


def two_maps_of(networks):
    return lambda: {**networks(), **cases.top_networks()}


def table(**arguments):
    return lambda: quantizers.VectorQuantizer(5, seed=7, **arguments)


QUANTIZERS = {
    "moved-by-data": (table(), vector_quantized),
    "straight-through": (table(decay=None), vector_quantized),
    "rotation": (table(decay=None, gradient="rotation"), vector_quantized),
    "residual": (
        lambda: quantizers.ResidualQuantizer(2, 5, decay=None, seed=7),
        residual,
    ),
    "finite-scalar": (lambda: quantizers.FiniteScalarQuantizer((4, 5)), finite_scalar),
    "lookup-free": (lambda: quantizers.LookupFreeQuantizer(0.3), lookup_free),
    "gumbel": (
        lambda: quantizers.GumbelQuantizer(4, temperature=0.5, seed=7),
        gumbel,
    ),
    "gumbel-straight-through": (
        lambda: quantizers.GumbelQuantizer(4, straight_through=True, seed=7),
        gumbel,
    ),
}


def judges():
    return {
        "discriminator": cases.patch_critic,
        "adversarial_weight": 0.2,
        "discriminator_start": 0,
        "feature_extractor": cases.feature_extractor,
        "feature_layers": ["first", "second"],
        "feature_weight": 0.5,
    }


REFERENCES = [
    *(
        Reference(
            f"vqvae-{name}",
            of(models.VQVAE, cases.spatial_networks, quantizer=quantizer),
            functools.partial(vqvae, quantize=quantize),
            images,
        )
        for name, (quantizer, quantize) in QUANTIZERS.items()
    ),
    Reference(
        "vqvae2",
        of(
            models.VQVAE2,
            two_maps_of(cases.spatial_networks),
            bottom_quantizer=table(decay=None),
            top_quantizer=table(decay=None),
        ),
        two_maps,
        images,
    ),
    Reference(
        "vqgan",
        of(models.VQGAN, cases.spatial_networks, quantizer=table(), **judges()),
        vqgan,
        images,
    ),
    Reference(
        "autoencoder-kl",
        of(models.AutoencoderKL, cases.spatial_networks, beta=0.1, **judges()),
        autoencoder_kl,
        images,
    ),
]
