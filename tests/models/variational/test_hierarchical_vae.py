"""HierarchicalVAE: against NumPy, the VAE of one level, and its own distributions."""

import keras
import numpy as np
import pytest
from scipy import stats

from keras_latent.models import HierarchicalVAE
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import (
    IMAGE_SHAPE,
    LATENT_DIM,
    dense_networks,
    images,
    spatial_networks,
)

X = images(6)


def build(**arguments):
    defaults = {"code_sizes": (1, 2), "width": 5, "seed": 1}
    return HierarchicalVAE(**{**dense_networks(), **defaults, **arguments})


def log_normal(value, mean, log_var):
    return stats.norm(mean, np.exp(0.5 * log_var)).logpdf(value).sum(axis=-1)


def with_varied_levels(model):
    """Networks of levels that say something, from weights of some size."""
    rng = np.random.default_rng(0)
    for network in [*model.prior.networks, *model.posterior.networks]:
        network.set_weights([rng.normal(size=w.shape) for w in network.weights])
    return model


def outputs(network, *parts):
    values = network(np.concatenate([np.array(p) for p in parts], -1))
    return np.split(np.array(values, "float64"), 2, axis=-1)


def test_terms_against_numpy():
    model = with_varied_levels(build())
    state = np.array(model.noise.seed_generator.state)
    terms = model.objective(Batch(X), True)
    model.noise.seed_generator.state.assign(state)
    z, q = model.infer(X, True)
    top, low = np.array(z[:, :1]), np.array(z[:, 1:])
    mean, log_var = outputs(model.posterior.networks[0], q.context)
    first = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    # Differences of numbers near 1: the least of them keeps few digits.
    np.testing.assert_allclose(terms["kl_1"], first, rtol=1e-5, atol=1e-7)
    prior_mean, prior_log_var = outputs(model.prior.networks[0], top)
    further, wider = outputs(model.posterior.networks[1], q.context, top)
    q_mean, q_log_var = prior_mean + further, prior_log_var + wider
    ratio = np.exp(q_log_var - prior_log_var)
    squares = (q_mean - prior_mean) ** 2 / np.exp(prior_log_var)
    second = 0.5 * (ratio + squares - 1.0 - np.log(ratio)).sum(axis=1)
    np.testing.assert_allclose(terms["kl_2"], second, rtol=1e-5)
    np.testing.assert_allclose(terms["kl"], first + second, rtol=1e-5)
    log_q = log_normal(top, mean, log_var) + log_normal(low, q_mean, q_log_var)
    log_p = stats.norm.logpdf(top).sum(-1) + log_normal(low, prior_mean, prior_log_var)
    found = np.array(model.posterior.log_prob(z, q))
    np.testing.assert_allclose(found, log_q, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.prior.log_prob(z), log_p, rtol=1e-5)


def test_closed_divergences_are_those_of_draws_on_average():
    model = with_varied_levels(build())
    x = np.repeat(X[:1], 4000, axis=0)
    latent = model.infer(x, True)
    closed = np.array(sum(model.posterior.kl_by_level(latent.q, latent.z)))
    differences = np.array(model.log_ratio(latent)) - closed
    error = differences.std() / np.sqrt(len(x))
    assert abs(differences.mean()) < 4 * error


def test_one_level_is_the_vae():
    """Its divergence is that of a normal distribution, its draw z = μ + σε."""
    model = build(code_sizes=(3,))
    state = np.array(model.noise.seed_generator.state)
    z, q = model.infer(X, True)
    model.noise.seed_generator.state.assign(state)
    mean, log_var = outputs(model.posterior.networks[0], q.context)
    noise = np.array(model.noise(np.zeros((6, 3), "float32")))
    np.testing.assert_allclose(z, mean + np.exp(0.5 * log_var) * noise, rtol=1e-5)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1.0 - log_var).sum(axis=1)
    terms = model.objective(Batch(X), True)
    np.testing.assert_allclose(terms["kl"], kl, rtol=1e-5)
    np.testing.assert_allclose(model.encode(X), mean, rtol=1e-5, atol=1e-6)


def test_a_posterior_that_adds_nothing_costs_nothing():
    model = with_varied_levels(build())
    for network in model.posterior.networks:
        network.set_weights([0.0 * w.numpy() for w in network.weights])
    np.testing.assert_array_equal(model.objective(Batch(X), True)["kl"], 0.0)


def test_samples_are_ancestral():
    model = with_varied_levels(build())
    generator = keras.random.SeedGenerator(3)
    z = np.array(model.prior.sample(shape=(4000, 3), seed=generator))
    mean, log_var = outputs(model.prior.networks[0], z[:, :1])
    standardised = (z[:, 1:] - mean) / np.exp(0.5 * log_var)
    for column in [z[:, 0], *standardised.T]:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    np.testing.assert_allclose(
        model.sample(4, seed=3),
        model.decode(model.prior.sample(shape=(4, 3), seed=_generator(3))),
        rtol=1e-5,
    )


def _generator(seed):
    return keras.random.SeedGenerator(seed)


def test_log_likelihood_goes_through_the_levels():
    model = with_varied_levels(build())
    x = np.round(X)
    few, many = (model.log_likelihood(x, num_samples=n).mean() for n in (10, 2000))
    bound = -float(gradients.loss(model, x))
    assert np.isfinite([few, many]).all()
    assert many > bound - 1.0


@pytest.mark.parametrize(
    ("length", "sizes"), [(3, (1, 2)), (9, (3, 6)), (2, (1, 1)), (1, (1,))]
)
def test_default_sizes(length, sizes):
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Flatten()])
    decoder = keras.Sequential([keras.Input((length,)), keras.layers.Dense(2)])
    model = HierarchicalVAE(encoder, decoder, "gaussian", width=4)
    assert model.code_sizes == sizes


@pytest.mark.all
def test_one_row_and_large_inputs():
    networks = dense_networks(output_activation=None)
    model = build(**networks, likelihood="gaussian", code_sizes=(1, 1, 1))
    gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"code_sizes": (1, 1)}, r"`code_sizes` must add up to the 3.*\(1, 1\)"),
        ({"code_sizes": (3, 0)}, r"`code_sizes` must be a sequence of.*=\(3, 0\)"),
        ({"width": 0}, r"`width` must be a positive integer.*=0"),
        ({"beta": -1.0}, r"`beta` must be a number.*=-1.0"),
        (
            {**spatial_networks(), "code_sizes": None},
            r"`decoder` must take a vector.*\(4, 3, 2\)",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_sizes_may_be_those_of_numpy_and_must_be_several():
    made = HierarchicalVAE(
        **dense_networks(), code_sizes=np.array([1, LATENT_DIM - 1]), width=np.int64(8)
    )
    assert made.code_sizes == (1, LATENT_DIM - 1)
    with pytest.raises(
        ValueError, match=r"`code_sizes` must be a sequence of positive"
    ):
        HierarchicalVAE(**dense_networks(), code_sizes=2)


def test_draws_under_another_float():
    keras.config.set_floatx("float64")
    try:
        model = HierarchicalVAE(**dense_networks())
        assert model.sample(2, seed=0).shape == (2, *IMAGE_SHAPE)
    finally:
        keras.config.set_floatx("float32")
