"""WeaklySupervisedVAE: against NumPy, and the VAE of equal pairs."""

import numpy as np
import pytest
import tensorflow as tf

from keras_latent.distributions import NormalParameters
from keras_latent.likelihoods import Gaussian
from keras_latent.models import VAE, WeaklySupervisedVAE
from keras_latent.models.variational import shared_posterior
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images, mixed_networks, partners
from tests.models.variational import optimal_scale

X, PARTNERS = images(6), partners(6)


def build(**arguments):
    return WeaklySupervisedVAE(**{**dense_networks(), "seed": 1, **arguments})


def normal_kl(mean, log_var, other_mean, other_log_var):
    ratio = np.exp(log_var - other_log_var)
    squares = (mean - other_mean) ** 2 / np.exp(other_log_var)
    return 0.5 * (ratio + squares - 1.0 - np.log(ratio))


def averaged(first, second, averaging):
    """The posteriors of a pair, by NumPy, and which elements they share."""
    distances = normal_kl(*first, *second)
    low, high = (f(distances, axis=1, keepdims=True) for f in (np.min, np.max))
    shared = distances < low + 0.5 * (high - low)
    (m1, v1), (m2, v2) = ((m, np.exp(lv)) for m, lv in (first, second))
    if averaging == "gvae":
        mean, variance = (m1 + m2) / 2, (v1 + v2) / 2
    else:
        variance = 2.0 / (1 / v1 + 1 / v2)
        mean = 0.5 * variance * (m1 / v1 + m2 / v2)
    pairs = [
        (np.where(shared, mean, m), np.where(shared, np.log(variance), lv))
        for m, lv in (first, second)
    ]
    return pairs, shared


@pytest.mark.parametrize("averaging", ["gvae", "mlvae"])
def test_terms_against_numpy(averaging):
    model = build(averaging=averaging)
    # Posteriors that differ in their variances, too.
    rng = np.random.default_rng(0)
    kernel, bias = model.code_log_var.get_weights()
    model.code_log_var.set_weights([rng.normal(size=kernel.shape), bias])
    state = np.array(model.noise.seed_generator.state)
    terms = model.objective(Batch(X, PARTNERS), True)
    model.noise.seed_generator.state.assign(state)
    posteriors = [
        [np.array(p, "float64") for p in model.posterior_parameters(x)]
        for x in (X, PARTNERS)
    ]
    pairs, shared = averaged(*posteriors, averaging)
    assert 0 < shared.sum() < shared.size
    np.testing.assert_array_equal(terms["shared"], shared.sum(axis=1))
    kl = sum(normal_kl(*q, 0.0 * q[0], 0.0 * q[1]).sum(1) for q in pairs) / 2
    np.testing.assert_allclose(terms["kl"], kl, rtol=1e-5, atol=1e-5)
    reconstruction = 0.0
    for x, (mean, log_var) in zip((X, PARTNERS), pairs, strict=True):
        noise = np.array(model.noise(np.zeros(mean.shape, "float32")))
        z = (mean + np.exp(0.5 * log_var) * noise).astype("float32")
        decoded = np.array(model.decode(z), "float64")
        log_p = x * np.log(decoded) + (1 - x) * np.log1p(-decoded)
        reconstruction = reconstruction - 0.5 * log_p.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(terms["reconstruction"], reconstruction, rtol=1e-5)


@pytest.mark.parametrize("averaging", ["gvae", "mlvae"])
def test_averages_and_their_gradients(averaging):
    rng = np.random.default_rng(1)

    def total(*parameters):
        first, second = parameters[:2], parameters[2:]
        mean, log_var = shared_posterior.averaged(
            NormalParameters(*first), NormalParameters(*second), averaging
        )
        return tf.reduce_sum(mean + 2.0 * log_var)

    def by_numpy(m1, l1, m2, l2):
        v1, v2 = np.exp(l1), np.exp(l2)
        if averaging == "gvae":
            mean, variance = (m1 + m2) / 2, (v1 + v2) / 2
        else:
            variance = 2 / (1 / v1 + 1 / v2)
            mean = 0.5 * variance * (m1 / v1 + m2 / v2)
        return float(np.sum(mean + 2.0 * np.log(variance)))

    arrays = rng.normal(size=(4, 2, 3))
    gradients.assert_equals_reference(total, by_numpy, *arrays)


def test_equal_pairs_are_two_of_the_vae():
    networks = dense_networks()
    model, vae = build(**networks, beta=0.5), VAE(**networks, beta=0.5, seed=1)
    gradients.share_codes(model, vae)
    terms = model.objective(Batch(X, X), True)
    np.testing.assert_array_equal(terms["shared"], 0.0)
    loss = np.mean(terms["reconstruction"] + 0.5 * terms["kl"])
    # The first draw is the VAE's of these rows, the second its next.
    values = [float(gradients.loss(vae, X)) for _ in range(2)]
    assert loss == pytest.approx(np.mean(values), rel=1e-5)


def test_a_single_element_is_never_shared():
    first, second = ([np.full((5, 1), v, "float32")] * 2 for v in (0.0, 1.0))
    posteriors = NormalParameters(*first), NormalParameters(*second)
    shared = shared_posterior.shared_elements(*posteriors)
    assert not np.any(shared)


def test_the_choice_has_no_gradient():
    model = build()
    pulls = gradients.gradients(
        model, lambda: sum(model.objective(Batch(X, PARTNERS), True)["shared"])
    )
    for pull in pulls:
        np.testing.assert_array_equal(pull, 0.0)


@pytest.mark.all
@pytest.mark.parametrize("averaging", ["gvae", "mlvae"])
def test_one_row_and_large_inputs(averaging):
    networks = dense_networks(output_activation=None)
    model = build(**networks, likelihood="gaussian", averaging=averaging)
    gradients.assert_finite_training(model, 1e3 * X, 1e3 * PARTNERS)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, r"`y` must hold the other observation of each pair.*y=None"),
        (np.arange(6), r"`y` must hold the other.*\(6, 4, 3, 1\).*shape \(6,\)"),
        (PARTNERS[:, :3], r"`y` must hold the other.*y of shape \(6, 3, 3, 1\)"),
        ({"a": PARTNERS}, r"`y` must hold the other observation.*y of type dict"),
        (2.0 * PARTNERS, r"`y` must lie in \[0, 1\]"),
    ],
)
def test_pairs_that_are_none(y, message):
    model = build()
    model.compile("sgd", run_eagerly=True)
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match=message):
            method(X, y, verbose=0)


def test_a_dataset_of_pairs():
    model = build()
    model.compile("sgd", run_eagerly=True)
    pairs = tf.data.Dataset.from_tensor_slices((X, PARTNERS)).batch(4)
    logs = model.fit(pairs, verbose=0).history
    assert np.isfinite(logs["loss"][0])
    wrong = tf.data.Dataset.from_tensor_slices((X, PARTNERS[:, :2])).batch(4)
    with pytest.raises(ValueError, match=r"`y` must hold the other observation"):
        model.fit(wrong, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"averaging": "vae"}, r"`averaging` must be one of 'gvae', 'mlvae'.*'vae'"),
        ({"beta": -1.0}, r"`beta` must be a number.*=-1.0"),
        (
            {"posterior": "power_spherical", "prior": "uniform_sphere"},
            r"`posterior` must be 'normal'.*power_spherical",
        ),
        (
            {
                **mixed_networks(),
                "likelihood": {"image": "bernoulli", "category": "categorical"},
            },
            r"`decoder` must give one tensor for WeaklySupervisedVAE",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_an_optimal_scale_is_that_of_both():
    """And so −log p(x|z) is ½n(1 + log 2πσ²) on average, with the σ of the step."""
    model = build(likelihood=Gaussian(scale="optimal"))
    model.compile("sgd")
    logs = model.train_step((tf.constant(X), tf.constant(0.0 * PARTNERS)))
    optimal_scale.assert_is_of_the_step(model, logs, X[0].size)


def test_what_is_wrong_with_the_partners_is_said_of_them():
    model = build()
    model.compile()
    with pytest.raises(ValueError, match=r"^`y` must be finite"):
        model.fit(X, np.nan * PARTNERS)
    with pytest.raises(ValueError, match=r"^`y` must lie in \[0, 1\]"):
        model.fit(X, PARTNERS + 2.0)
