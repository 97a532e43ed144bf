"""CapacityVAE: against NumPy, the β-VAE that it is at no capacity, and its bound."""

import numpy as np
import pytest

from keras_latent.models import VAE, CapacityVAE
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images

X = images(6)


def build(**arguments):
    return CapacityVAE(**{**dense_networks(), "seed": 1, **arguments})


def divergences(model):
    mean, log_var = (np.array(p, "float64") for p in model.posterior_parameters(X))
    return (0.5 * (mean**2 + np.exp(log_var) - 1.0 - log_var)).sum(axis=1)


@pytest.mark.parametrize("capacity", [0.0, 0.01, 5.0])
def test_terms_against_numpy(capacity):
    model = build(capacity=capacity)
    terms = model.objective(Batch(X), True)
    kl = divergences(model)
    expected = abs(kl.mean() - capacity)
    assert float(terms["excess"]) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    by_row = build(encoder=model.encoder, decoder=model.decoder, per_example=True)
    gradients.share_codes(model, by_row)
    by_row.capacity = capacity
    rows = np.array(by_row.objective(Batch(X), True)["excess"])
    np.testing.assert_allclose(rows, np.abs(kl - capacity), rtol=1e-5, atol=1e-6)
    assert float(terms["excess"]) <= rows.mean() + 1e-6


def test_at_no_capacity_it_is_the_beta_vae():
    networks = dense_networks()
    model = build(**networks, gamma=7.0)
    vae = VAE(**networks, beta=7.0, seed=1)
    gradients.share_codes(model, vae)
    found, expected = (
        gradients.gradients(m, lambda m=m: gradients.loss(m, X)) for m in (model, vae)
    )
    gradients.assert_same_gradients(found, expected)
    again = [build(**networks, gamma=7.0), VAE(**networks, beta=7.0, seed=1)]
    for m in again:
        gradients.share_codes(model, m)
    values = [float(gradients.loss(m, X)) for m in again]
    assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_at_its_capacity_nothing_pulls():
    """Of one row, whose divergence float32 gives twice the same."""
    model = build()
    model.capacity = float(model.objective(Batch(X[:1]), True)["kl"][0])
    assert float(model.objective(Batch(X[:1]), True)["excess"]) == 0.0
    for pull in gradients.gradients(
        model, lambda: model.objective(Batch(X[:1]), True)["excess"]
    ):
        np.testing.assert_array_equal(pull, 0.0)


@pytest.mark.parametrize("capacity", [0.0, 50.0])
def test_the_pull_turns_at_the_capacity(capacity):
    model = build(capacity=capacity, per_example=True)
    pulls = gradients.gradients(
        model, lambda: sum(model.objective(Batch(X), True)["excess"])
    )
    expected = gradients.gradients(
        model, lambda: sum(model.objective(Batch(X), True)["kl"])
    )
    sign = 1.0 if capacity == 0.0 else -1.0
    gradients.assert_same_gradients(pulls, [sign * e for e in expected])


@pytest.mark.all
def test_one_row_and_large_inputs():
    networks = dense_networks(output_activation=None)
    for per_example in (False, True):
        model = build(**networks, likelihood="gaussian", per_example=per_example)
        gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize("name", ["capacity", "gamma"])
def test_bad_arguments(name):
    with pytest.raises(ValueError, match=rf"`{name}` must be a number.*{name}=-1.0"):
        build(**{name: -1.0})
