"""Every posterior with every prior and every objective, and which can't be together.

The table of the documentation: a row is a posterior, a column a prior.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_latent.distributions import (
    CodeDistribution,
    Flow,
    Normal,
    NormalMixture,
    PowerSpherical,
    UniformSphere,
    VampPrior,
    VonMisesFisher,
    WrappedNormal,
    flows,
)
from keras_latent.models import IWAE, VAE, ConditionalVAE, FactorVAE
from keras_latent.typing import Batch
from tests.models.cases import (
    CATEGORIES,
    conditional_networks,
    critic,
    dense_networks,
    digits,
    images,
)


def steps(*kinds):
    """One of each, small."""
    made = {
        "planar": flows.Planar,
        "radial": flows.Radial,
        "inverse": lambda: flows.InverseAutoregressive((4,), context=2),
        "masked": lambda: flows.MaskedAutoregressive((4,), context=2),
    }
    return Flow("normal", [made[kind]() for kind in kinds])


POSTERIORS = {
    "normal": ("real", Normal),
    "planar": ("real", lambda: steps("planar", "radial")),
    "inverse_autoregressive": ("real", lambda: steps("inverse", "inverse")),
    "masked_autoregressive": ("real", lambda: steps("masked")),
    "power_spherical": ("sphere", PowerSpherical),
    "von_mises_fisher": ("sphere", VonMisesFisher),
    "wrapped_normal": ("ball", WrappedNormal),
}
PRIORS = {
    "normal": ("real", Normal),
    "normal_mixture": ("real", lambda: NormalMixture(2)),
    "planar": ("real", lambda: steps("planar", "radial")),
    "inverse_autoregressive": ("real", lambda: steps("inverse")),
    "masked_autoregressive": ("real", lambda: steps("masked", "masked")),
    "uniform_sphere": ("sphere", UniformSphere),
    "wrapped_normal": ("ball", WrappedNormal),
    "vamp_prior": (None, lambda: VampPrior(2)),
}
POSSIBLE = [
    (posterior, prior)
    for posterior, (space, _) in POSTERIORS.items()
    for prior, (own_space, _) in PRIORS.items()
    if own_space in (space, None)
]
IMPOSSIBLE = [
    (posterior, prior)
    for posterior in POSTERIORS
    for prior in PRIORS
    if (posterior, prior) not in POSSIBLE
]


def pair(posterior, prior):
    return {"posterior": POSTERIORS[posterior][1](), "prior": PRIORS[prior][1]()}


def vae(**distributions):
    return VAE(**dense_networks(), **distributions, seed=1)


def iwae(**distributions):
    return IWAE(**dense_networks(), num_samples=2, **distributions, seed=1)


def stopped(gradient):
    def build(**distributions):
        return IWAE(
            **dense_networks(),
            num_samples=2,
            gradient=gradient,
            **distributions,
            seed=1,
        )

    return build


def conditional(**distributions):
    arguments = {"num_classes": CATEGORIES, "seed": 1}
    return ConditionalVAE(**conditional_networks(), **arguments, **distributions)


def factor(**distributions):
    return FactorVAE(
        **dense_networks(), discriminator=critic(), **distributions, seed=1
    )


OBJECTIVES = {
    "vae": vae,
    "iwae": iwae,
    "stl": stopped("stl"),
    "dreg": stopped("dreg"),
    "conditional": conditional,
    "factor": factor,
}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(("posterior", "prior"), POSSIBLE)
def test_each_pair_trains_with_each_objective(posterior, prior, objective):
    build = OBJECTIVES[objective]
    is_masked = posterior.endswith("autoregressive")
    if objective in ("stl", "dreg") and is_masked:
        with pytest.raises(ValueError, match=r'`gradient` must be "iwae" for a post'):
            build(**pair(posterior, prior))
        return
    if objective == "conditional" and prior == "vamp_prior":
        with pytest.raises(ValueError, match=r"'vamp_prior' needs a model of one tens"):
            build(**pair(posterior, prior))
        return
    model = build(**pair(posterior, prior))
    x = {"x": images(3), "y": digits(3)} if objective == "conditional" else images(3)
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        terms = model.objective(Batch(x), True)
        loss = sum(tf.reduce_mean(terms[term]) for term in model._weight_by_term)
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    assert np.isfinite(loss)
    learned = [*model.posterior.trainable_variables, *model.prior.trainable_variables]
    for variable, gradient in zip(variables, gradients, strict=True):
        if any(variable is own for own in learned):
            assert gradient is not None, variable.path
        assert gradient is None or np.isfinite(gradient).all(), variable.path


@pytest.fixture
def eagerly():
    """Graphs would take longer to trace than a few draws take to compute."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(("posterior", "prior"), POSSIBLE)
def test_each_pair_takes_a_step_generates_and_has_a_likelihood(posterior, prior):
    model = vae(**pair(posterior, prior))
    x = np.round(images(3))
    model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    logs = model.fit(x, batch_size=3, verbose=0).history
    assert all(np.isfinite(values[0]) for values in logs.values())
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert np.array(model.sample(2, seed=0)).shape == (2, *x.shape[1:])
    assert np.isfinite(model.log_likelihood(x, num_samples=2)).all()


@pytest.mark.parametrize(("posterior", "prior"), IMPOSSIBLE)
def test_pairs_on_different_spaces_are_refused(posterior, prior):
    message = r"`posterior` and `prior` must live on the same space. Received: post"
    with pytest.raises(ValueError, match=message):
        vae(**pair(posterior, prior))


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
            vae(posterior=Implicit(), prior="vamp_prior")

    def test_the_likelihood_is_refused_with_the_reason(self):
        model = vae(posterior=Implicit())
        message = r"`log_likelihood` needs a posterior with a density.*kl.metrics"
        with pytest.raises(ValueError, match=message):
            model.log_likelihood(np.round(images(2)))
