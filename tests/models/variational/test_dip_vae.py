"""DIPVAE: against NumPy, and the VAE that it is without its weights."""

import numpy as np
import pytest

from keras_latent import distributions
from keras_latent.models import DIPVAE, VAE
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images

X = images(6)


def build(**arguments):
    return DIPVAE(**{**dense_networks(), "seed": 1, **arguments})


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_terms_against_numpy(kind):
    model = build(kind=kind)
    terms = model.objective(Batch(X), True)
    mean, log_var = (np.array(p, "float64") for p in model.posterior_parameters(X))
    covariance = np.cov(mean, rowvar=False, bias=True)
    if kind == "ii":
        covariance += np.diag(np.exp(log_var).mean(axis=0))
    diagonal = np.diag(covariance)
    off = np.sum((covariance - np.diag(diagonal)) ** 2)
    assert float(terms["off_diagonal"]) == pytest.approx(off, rel=1e-5)
    expected = np.sum((diagonal - 1.0) ** 2)
    assert float(terms["diagonal"]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["i", "ii"])
def test_without_its_weights_it_is_the_vae(kind):
    networks = dense_networks()
    model = build(**networks, kind=kind, off_diagonal_weight=0.0)
    assert float(model.diagonal_weight) == 0.0
    vae = VAE(**networks, seed=1)
    gradients.share_codes(model, vae)
    found, expected = (
        gradients.gradients(m, lambda m=m: gradients.loss(m, X)) for m in (model, vae)
    )
    gradients.assert_same_gradients(found, expected, atol=0.0)


def test_kind_one_leaves_the_variances_alone():
    model = build()
    pulls = gradients.gradients(
        model, lambda: model.objective(Batch(X), True)["off_diagonal"]
    )
    log_var = {id(v) for v in model.code_log_var.trainable_variables}
    moved = 0.0
    for variable, pull in zip(model.trainable_variables, pulls, strict=True):
        if id(variable) in log_var:
            np.testing.assert_array_equal(pull, 0.0)
        moved += np.abs(pull).max()
    assert moved > 0.0


@pytest.mark.parametrize(("kind", "expected"), [("i", 20.0), ("ii", 2.0)])
def test_the_weight_of_the_diagonal_follows_the_other(kind, expected):
    assert float(build(kind=kind, off_diagonal_weight=2.0).diagonal_weight) == expected
    given = build(kind=kind, off_diagonal_weight=2.0, diagonal_weight=0.5)
    assert float(given.diagonal_weight) == 0.5


def test_kind_one_takes_any_posterior():
    model = build(
        posterior=distributions.PowerSpherical(), prior=distributions.UniformSphere()
    )
    terms = model.objective(Batch(X), True)
    mean = np.array(model.posterior_parameters(X)[0], "float64")
    diagonal = mean.var(axis=0)
    expected = np.sum((diagonal - 1.0) ** 2)
    assert float(terms["diagonal"]) == pytest.approx(expected, rel=1e-5)


def test_one_row():
    model = build()
    terms = model.objective(Batch(X[:1]), True)
    assert float(terms["off_diagonal"]) == 0.0
    assert float(terms["diagonal"]) == model.latent_dim


@pytest.mark.all
def test_one_row_and_large_inputs():
    networks = dense_networks(output_activation=None)
    for kind in ("i", "ii"):
        model = build(**networks, likelihood="gaussian", kind=kind)
        gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "iii"}, r"`kind` must be one of 'i', 'ii'.*'iii'"),
        ({"off_diagonal_weight": -1.0}, r"`off_diagonal_weight`.*=-1.0"),
        ({"diagonal_weight": -1.0}, r"`diagonal_weight`.*=-1.0"),
        (
            {"kind": "ii", "posterior": "power_spherical", "prior": "uniform_sphere"},
            r"`posterior` must be 'normal'.*power_spherical",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)
