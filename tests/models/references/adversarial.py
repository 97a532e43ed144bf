"""The adversarial family by NumPy."""

import numpy as np

from keras_latent import models
from tests.models import cases
from tests.models.references.autoencoders import code, images
from tests.models.references.formulas import (
    by_row,
    gaussian,
    held,
    normal_kl,
    softplus,
)
from tests.models.references.numbers import Reference, of
from tests.models.references.variational import drawn, parameters


def logit(n, model, *inputs):
    return n.network(model.discriminator, *inputs)[:, 0]


def adversarial(n, model, batch):
    z = code(n, model, batch.x)
    told, real = logit(n, model, z), logit(n, model, n.draw())
    return {
        "reconstruction": gaussian(batch.x, n.network(model.decoder, z)),
        "adversarial": softplus(-told),
        "discrimination": softplus(-real) + softplus(told),
    }


def judged(n, model, x):
    """What the layer before the logits says, and their mean."""
    *first, last = model.discriminator.layers
    for layer in first:
        x = n.layer(layer, x)
    return x, n.layer(last, x).reshape(len(x), -1).mean(axis=1)


def vae_gan(n, model, batch):
    q = parameters(n, model, batch.x)
    mean = n.network(model.decoder, drawn(n, q))
    features, real = judged(n, model, batch.x)
    again, told = judged(n, model, mean)
    _, of_draw = judged(n, model, n.network(model.decoder, n.draw()))
    distance = 0.5 * by_row((features - again) ** 2)
    fooled = 0.5 * (softplus(told) + softplus(of_draw))
    return {
        "kl": normal_kl(*q).sum(axis=1),
        "feature": distance,
        "decoder_feature": distance,
        "adversarial": softplus(-told) + softplus(-of_draw),
        "discrimination": 0.5 * softplus(-real) + 0.5 * fooled,
    }


def bigan(n, model, batch):
    z, drawn_codes = code(n, model, batch.x), n.draw()
    encoded = logit(n, model, batch.x, z)
    decoded = logit(n, model, n.network(model.decoder, drawn_codes), drawn_codes)
    return {
        "adversarial": softplus(encoded) + softplus(-decoded),
        "discrimination": softplus(-encoded) + softplus(decoded),
    }


def alae(n, model, batch):
    judges = [*model.encoder.layers, model.code, *model.discriminator.layers]
    real = logit(n, model, code(n, model, batch.x))
    slope = n.pulled(judges, batch.x, lambda told: 1.0 + 0.0 * told)
    generated = n.network(model.decoder, n.network(model.mapping, n.draw()))
    told = logit(n, model, code(n, model, generated))
    w = held(n.network(model.mapping, n.draw()))
    again = code(n, model, n.network(model.decoder, w))
    return {
        "discrimination": softplus(told) + softplus(-real),
        "gradient_penalty": 0.5 * (slope**2).sum(axis=1),
        "adversarial": softplus(-told),
        "latent": ((again - w) ** 2).mean(axis=1),
    }


def soft_intro(n, model, batch):
    x, size = batch.x, batch.x[0].size
    q = parameters(n, model, x)
    mean = n.network(model.decoder, drawn(n, q))
    rho, beta = float(model.reconstruction_weight), float(model.negative_beta)
    repulsion = deception = fake_distance = 0.0
    for y in (mean, n.network(model.decoder, n.draw())):
        fixed = held(y)
        of_fixed = parameters(n, model, fixed)
        again = n.network(model.decoder, drawn(n, of_fixed))
        distance = by_row((fixed - again) ** 2)
        energy = rho * distance + beta * normal_kl(*of_fixed).sum(axis=1)
        repulsion = repulsion + size / 4 * np.exp(-2.0 / size * energy)
        n.draw()  # The divergence has a formula, but a draw is made.
        of_y = parameters(n, model, y)
        deception = deception + 0.5 * normal_kl(*of_y).sum(axis=1)
        fake_distance = fake_distance + 0.5 * distance
    return {
        "distance": by_row((x - mean) ** 2),
        "kl": normal_kl(*q).sum(axis=1),
        "repulsion": repulsion,
        "deception": deception,
        "fake_distance": fake_distance,
    }


REFERENCES = [
    Reference(
        "adversarial",
        of(
            models.AdversarialAutoencoder,
            discriminator=cases.critic,
            adversarial_weight=0.5,
        ),
        adversarial,
        images,
    ),
    Reference(
        "vae-gan",
        of(models.VAEGAN, discriminator=cases.patch_critic, feature_weight=0.1),
        vae_gan,
        images,
    ),
    Reference(
        "bigan", of(models.BiGAN, discriminator=cases.joint_critic), bigan, images
    ),
    Reference(
        "alae",
        of(
            models.ALAE,
            mapping=cases.code_mapping,
            discriminator=cases.critic,
            gradient_penalty_weight=0.5,
            latent_weight=0.7,
        ),
        alae,
        images,
    ),
    Reference(
        "soft-intro-vae",
        of(
            models.SoftIntroVAE,
            beta=0.5,
            negative_beta=2.0,
            reconstruction_weight=0.9,
            fake_distance_weight=0.3,
        ),
        soft_intro,
        images,
    ),
]
