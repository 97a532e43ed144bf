"""Every posterior with every prior and every objective, and which can't be together.

The documentation makes its table of the same lists.
"""

import functools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_latent import models
from keras_latent.distributions import CodeDistribution
from keras_latent.models import VAE
from keras_latent.typing import Batch
from tests.distributions.pairs import (
    OBJECTIVES,
    OTHER_SPACE,
    POSTERIORS,
    PRIORS,
    pairs,
    refusal,
)
from tests.models.cases import (
    CATEGORIES,
    classifier,
    conditional_networks,
    critic,
    dense_networks,
    digits,
    images,
    partners,
    patch_critic,
)

POSSIBLE = [(q, p) for q, p in pairs() if not refusal(q, p)]
IMPOSSIBLE = [(q, p) for q, p in pairs() if refusal(q, p)]

# Keras takes longer to make networks than they take to compute.
dense = functools.cache(dense_networks)
conditional = functools.cache(conditional_networks)
own = functools.cache(lambda network: network())

FEW = {"num_samples": 2}
FEW_BOUNDS = {"num_bounds": 2, "num_samples": 2}
BUILDERS = {
    "vae": lambda: (models.VAE, dense, {}),
    "capacity": lambda: (models.CapacityVAE, dense, {"capacity": 1.0}),
    "info": lambda: (models.InfoVAE, dense, {}),
    "factor": lambda: (models.FactorVAE, dense, {"discriminator": own(critic)}),
    "soft_intro": lambda: (models.SoftIntroVAE, dense, {}),
    "iwae": lambda: (models.IWAE, dense, FEW),
    "stl": lambda: (models.IWAE, dense, {**FEW, "gradient": "stl"}),
    "dreg": lambda: (models.IWAE, dense, {**FEW, "gradient": "dreg"}),
    "miwae": lambda: (models.MIWAE, dense, FEW_BOUNDS),
    "ciwae": lambda: (models.CIWAE, dense, FEW_BOUNDS),
    "piwae": lambda: (models.PIWAE, dense, FEW_BOUNDS),
    "conditional": lambda: (
        models.ConditionalVAE,
        conditional,
        {"num_classes": CATEGORIES},
    ),
    "semi_supervised": lambda: (
        models.SemiSupervisedVAE,
        conditional,
        {"num_classes": CATEGORIES, "classifier": own(classifier)},
    ),
    "hamiltonian": lambda: (models.HamiltonianVAE, dense, {"leapfrog_steps": 1}),
    "dip": lambda: (models.DIPVAE, dense, {}),
    "dip_ii": lambda: (models.DIPVAE, dense, {"kind": "ii"}),
    "beta_tc": lambda: (models.BetaTCVAE, dense, {"dataset_size": 9}),
    "weakly_supervised": lambda: (models.WeaklySupervisedVAE, dense, {}),
    "autoencoder_kl": lambda: (
        models.AutoencoderKL,
        dense,
        {"discriminator": own(patch_critic)},
    ),
    "vae_gan": lambda: (models.VAEGAN, dense, {"discriminator": own(patch_critic)}),
    "variational_encdec": lambda: (models.VariationalEncDec, dense, {}),
}


def build(posterior, prior, objective="vae"):
    variant, networks, arguments = BUILDERS[objective]()
    return variant(
        **networks(),
        **arguments,
        posterior=POSTERIORS[posterior].make(),
        prior=PRIORS[prior].make(),
        seed=1,
    )


def test_the_table_has_all_objectives_with_a_posterior_that_can_be_chosen():
    assert BUILDERS.keys() == OBJECTIVES.keys()
    told = {make()[0] for make in BUILDERS.values()}
    every = {
        v for v in models.VARIANTS.values() if issubclass(v, models.VariationalModel)
    }
    assert every - told == {models.HierarchicalVAE}


def batch_for(model, objective):
    if model.condition is not None:
        return Batch({"x": images(3), "y": digits(3)})
    is_paired = objective == "weakly_supervised"
    return Batch(images(3), partners(3) if is_paired else None)


def cells():
    """All pairs with two objectives; with the others each posterior, and each prior.

    Always those with the first, and one of each of the others.
    """
    for objective in OBJECTIVES:
        posteriors, priors = set(), set()
        for posterior, prior in POSSIBLE:
            is_new = posterior not in posteriors or prior not in priors
            is_always = objective == "vae" or not posteriors
            if is_new or objective in ("vae", "iwae"):
                yield pytest.param(
                    posterior,
                    prior,
                    objective,
                    marks=[] if is_always else pytest.mark.all,
                )
            posteriors.add(posterior)
            priors.add(prior)


@pytest.mark.parametrize(("posterior", "prior", "objective"), cells())
def test_each_pair_trains_with_each_objective(posterior, prior, objective):
    refused = refusal(posterior, prior, objective)
    if refused:
        with pytest.raises(ValueError, match=re.escape(refused)):
            build(posterior, prior, objective)
        return
    model = build(posterior, prior, objective)
    variables = model.trainable_variables
    batch = batch_for(model, objective)
    with tf.GradientTape() as tape:
        terms = model.objective(batch, True)
        loss = sum(tf.reduce_mean(terms[term]) for term in model._weight_by_term)
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    assert np.isfinite(loss)
    learned = [*model.posterior.trainable_variables, *model.prior.trainable_variables]
    for variable, gradient in zip(variables, gradients, strict=True):
        if any(variable is own for own in learned) and objective not in PRIOR_IS_DRAWN:
            assert gradient is not None, variable.path
        assert gradient is None or np.isfinite(gradient).all(), variable.path


PRIOR_IS_DRAWN = {"variational_encdec"}
"""Objectives that have no use for the prior's density."""


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(("posterior", "prior"), POSSIBLE)
def test_each_pair_takes_a_step_generates_and_has_a_likelihood(posterior, prior):
    model = build(posterior, prior)
    x = np.round(images(3))
    model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    logs = model.fit(x, batch_size=3, verbose=0).history
    assert all(np.isfinite(values[0]) for values in logs.values())
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert np.array(model.sample(2, seed=0)).shape == (2, *x.shape[1:])
    assert np.isfinite(model.log_likelihood(x, num_samples=2)).all()


@pytest.mark.parametrize(("posterior", "prior"), IMPOSSIBLE)
def test_pairs_on_different_spaces_are_refused(posterior, prior):
    message = re.escape(OTHER_SPACE) + r". Received: posterior="
    with pytest.raises(ValueError, match=message):
        build(posterior, prior)


class Implicit(CodeDistribution):
    """A posterior that can be drawn from, and whose divergence alone is known."""

    has_density = False

    def __init__(self):
        super().__init__()
        self.built = True

    def parameter_channels(self, channels):
        return {"mean": channels}

    def from_network(self, outputs):
        return (outputs[0],)

    def log_prob(self, value, parameters=None):
        raise NotImplementedError

    def sample(self, parameters=None, seed=None, shape=()):
        return parameters[0] + keras.random.normal(ops.shape(parameters[0]), seed=seed)

    def mean(self, parameters=None):
        return parameters[0]

    def closed_kl(self, parameters, prior):
        return 0.5 * tf.reduce_sum(parameters[0] ** 2, axis=-1)


class TestWithoutADensity:
    def test_pseudo_inputs_are_refused(self):
        with pytest.raises(
            ValueError, match=r"'vamp_prior' needs a posterior with a d"
        ):
            VAE(**dense(), posterior=Implicit(), prior="vamp_prior")

    def test_the_likelihood_is_refused_with_the_reason(self):
        model = VAE(**dense(), posterior=Implicit())
        message = r"`log_likelihood` needs a posterior with a density.*kl.metrics"
        with pytest.raises(ValueError, match=message):
            model.log_likelihood(np.round(images(2)))
