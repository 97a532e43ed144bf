"""VAEs of other posteriors, priors and likelihoods by NumPy."""

import numpy as np

from keras_latent import distributions, likelihoods, models
from keras_latent.distributions import flows
from tests.models.references.formulas import (
    LOG_TWO_PI,
    by_row,
    gaussian,
    held,
    log_normal,
    log_sum_exp,
    normal_kl,
    sigmoid,
    softplus,
)
from tests.models.references.numbers import Reference, of
from tests.models.references.variational import (
    drawn,
    images,
    parameters,
    reconstruction,
)


def planar(n, step, z, given):
    u, w, b = np.split(given, [z.shape[1], 2 * z.shape[1]], axis=1)
    along = (w * u).sum(axis=1, keepdims=True)
    # A softplus that is 1 at 0, so that u = 0 does nothing.
    strength = softplus(along + np.log(np.e - 1.0)) - 1.0
    push = u + (strength - along) * w / (w**2).sum(axis=1, keepdims=True)
    bend = np.tanh((w * z).sum(axis=1, keepdims=True) + b)
    log_det = np.log(1.0 + (1.0 - bend**2) * (w * push).sum(axis=1, keepdims=True))
    return z + push * bend, log_det[:, 0]


def radial(n, step, z, given):
    size = z.shape[1]
    centre, log_alpha, beta = np.split(given, [size, size + 1], axis=1)
    alpha = np.exp(log_alpha)
    beta = softplus(beta + np.log(np.e - 1.0)) - alpha
    radius = np.sqrt(((z - centre) ** 2).sum(axis=1, keepdims=True))
    h = 1.0 / (alpha + radius)
    across = np.log(1.0 + beta * h)
    along = np.log(1.0 + beta * h - beta * radius * h**2)
    log_det = (size - 1) * across + along
    return z + beta * h * (z - centre), log_det[:, 0]


def masked(n, network, x, context):
    """Two outputs for each input, of those before it."""
    last = len(network.kernels) - 1
    for index, (kernel, bias, mask) in enumerate(
        zip(network.kernels, network.biases, network.masks, strict=True)
    ):
        x = x @ (n(kernel) * mask) + n(bias)
        if index == 0 and context is not None:
            x = x + context @ n(network.context_kernel)
        if index < last:
            x = np.where(held(x) > 0.0, x, np.exp(x) - 1.0)
    return np.split(x, 2, axis=1)


def inverse_autoregressive(n, step, z, given):
    middle, gate = masked(n, step.network, z, given)
    scale = sigmoid(gate + 2.0)
    return scale * z + (1.0 - scale) * middle, np.log(scale).sum(axis=1)


STEPS = {
    "planar": planar,
    "radial": radial,
    "inverse-autoregressive": inverse_autoregressive,
}


def flow_posterior(step):
    """Of two steps of a kind, each told by a layer of the code."""

    def terms(n, model, batch):
        features = n.features(model, batch.x)
        q = parameters(n, model, batch.x)
        z = start = drawn(n, q)
        log_q = log_normal(start, *q).sum(axis=1)
        for index, own in enumerate(model.posterior.flows, 1):
            given = n.layer(getattr(model, f"code_flow_{index}"), features)
            z, log_det = STEPS[step](n, own, z, given)
            log_q = log_q - log_det
        return {
            "reconstruction": reconstruction(n, model, batch.x, z),
            "kl": log_q - log_normal(z).sum(axis=1),
        }

    return terms


def drawn_vae(log_prior):
    """The divergence of a normal posterior at the draw."""

    def terms(n, model, batch):
        q = parameters(n, model, batch.x)
        z = drawn(n, q)
        return {
            "reconstruction": reconstruction(n, model, batch.x, z),
            "kl": log_normal(z, *q).sum(axis=1) - log_prior(n, model, z),
        }

    return terms


def flow_prior(n, model, z):
    log_det = 0.0
    for step in model.prior.flows[::-1]:
        shift, log_scale = masked(n, step.network, z, None)
        z, log_det = (z - shift) * np.exp(-log_scale), log_det + log_scale.sum(axis=1)
    return log_normal(z).sum(axis=1) - log_det


def vamp_prior(n, model, z):
    mean, log_var = parameters(n, model, n(model.prior.pseudo_inputs))
    by_input = log_normal(z[:, None], mean, log_var).sum(axis=2)
    return log_sum_exp(by_input, 1) - np.log(len(mean))


def length(v):
    return np.sqrt((v**2).sum(axis=1, keepdims=True))


def moebius(x, y, c):
    inner = 2.0 * c * (x * y).sum(axis=1, keepdims=True)
    of_x, of_y = c * length(x) ** 2, c * length(y) ** 2
    return ((1.0 + inner + of_y) * x + (1.0 - of_x) * y) / (1.0 + inner + of_x * of_y)


def ball(n, model, batch):
    """A wrapped normal distribution: its density is that of the vector at 0."""
    features, c = n.features(model, batch.x), model.posterior.curvature

    def exponential(v):
        r = np.sqrt(c) * length(v)
        return np.tanh(r) * v / r

    def log_wrapped(v, scale):
        r = np.sqrt(c) * length(v)[:, 0]
        normal = -0.5 * (v / scale) ** 2 - np.log(scale) - 0.5 * LOG_TWO_PI
        return normal.sum(axis=1) - (v.shape[1] - 1) * np.log(np.sinh(r) / r)

    mean = exponential(n.layer(model.code_mean, features))
    scale = 1e-3 + softplus(n.layer(model.code_scale, features))
    v = scale * n.draw()
    z = moebius(mean, exponential(0.5 * v), c)
    r = np.sqrt(c) * length(z)
    at_origin = 2.0 * np.arctanh(r) * z / r
    return {
        "reconstruction": reconstruction(n, model, batch.x, z),
        "kl": log_wrapped(v, scale) - log_wrapped(at_origin, 1.0 + 0.0 * scale),
    }


def learned_scale(n, model, batch):
    q = parameters(n, model, batch.x)
    mean, log_scale = (
        n.network(model.decoder, drawn(n, q)),
        n(model.likelihood.log_scale),
    )
    scaled = gaussian(batch.x * np.exp(-log_scale), mean * np.exp(-log_scale))
    return {
        "reconstruction": scaled + batch.x[0].size * log_scale,
        "kl": by_row(normal_kl(*q)),
    }


REFERENCES = [
    *(
        Reference(
            f"vae-{step}",
            of(models.VAE, posterior=made),
            terms,
            images,
            is_bounded=True,
        )
        for step, kind in [
            ("planar", flows.Planar),
            ("radial", flows.Radial),
            (
                "inverse-autoregressive",
                lambda: flows.InverseAutoregressive((4,), context=2),
            ),
        ]
        for terms in [flow_posterior(step)]
        for made in [lambda kind=kind: distributions.Flow("normal", [kind(), kind()])]
    ),
    Reference(
        "vae-flow-prior",
        of(
            models.VAE,
            prior=lambda: distributions.Flow(
                "normal", [flows.MaskedAutoregressive((4,)) for _ in range(2)]
            ),
        ),
        drawn_vae(flow_prior),
        images,
        is_bounded=True,
    ),
    Reference(
        "vae-vamp-prior",
        of(models.VAE, prior=lambda: distributions.VampPrior(3)),
        drawn_vae(vamp_prior),
        images,
    ),
    Reference(
        "vae-ball",
        of(
            models.VAE,
            posterior=lambda: distributions.WrappedNormal(0.5),
            prior=lambda: distributions.WrappedNormal(0.5),
        ),
        ball,
        images,
        is_bounded=True,
    ),
    Reference(
        "vae-learned-scale",
        of(
            models.VAE,
            likelihood=lambda: likelihoods.Gaussian(0.5, learn_scale=True),
        ),
        learned_scale,
        images,
    ),
]
