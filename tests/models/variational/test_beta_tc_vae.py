"""BetaTCVAE: against NumPy, and the β-VAE that equal weights make of it."""

import numpy as np
import pytest
import tensorflow as tf

from keras_latent import distributions
from keras_latent.models import VAE, BetaTCVAE
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images, spatial_networks
from tests.test_losses import parts_by_numpy

X = images(6)
PARTS = ("mutual_information", "total_correlation", "dimension_kl")


class Drawn(distributions.Normal):
    """Normal, whose divergence is known at draws alone."""

    def kl_by_element(self, parameters, prior):
        return None


def build(**arguments):
    return BetaTCVAE(**{**dense_networks(), "seed": 1, "dataset_size": 20, **arguments})


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
def test_terms_against_numpy(estimator):
    model = build(estimator=estimator)
    state = np.array(model.noise.seed_generator.state)
    terms = model.objective(Batch(X), True)
    model.noise.seed_generator.state.assign(state)
    z, q = model.infer(X, True)
    exact = [np.array(a, "float64") for a in (z, *q)]
    for name, part in zip(PARTS, parts_by_numpy(*exact, 20, estimator), strict=True):
        np.testing.assert_allclose(terms[name], part, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("estimator", ["weighted", "stratified"])
@pytest.mark.parametrize("prior", ["normal", "normal_mixture"])
def test_equal_weights_make_the_beta_vae_at_the_draw(estimator, prior):
    networks = dense_networks()
    prior = distributions.get("prior", prior)
    weights = {f"{part}_weight": 3.0 for part in PARTS}
    model = build(**networks, **weights, estimator=estimator, prior=prior)
    vae = VAE(**networks, posterior=Drawn(), prior=prior, beta=3.0, seed=1)
    gradients.share_codes(model, vae)
    state = np.array(model.noise.seed_generator.state)
    found, expected = (
        gradients.gradients(m, lambda m=m: gradients.loss(m, X)) for m in (model, vae)
    )
    gradients.assert_same_gradients(found, expected, atol=2e-5)
    for m in (model, vae):
        m.noise.seed_generator.state.assign(state)
    values = [float(gradients.loss(m, X)) for m in (model, vae)]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_the_constants_of_the_weighted_estimate_pull_nothing():
    """Of another size of the data set, values differ by constants alone."""
    networks = dense_networks()
    models = [build(**networks, dataset_size=size) for size in (20, 2000)]
    gradients.share_codes(*models)
    found = [gradients.gradients(m, lambda m=m: gradients.loss(m, X)) for m in models]
    gradients.assert_same_gradients(*found)


def test_a_map_is_a_code_of_its_elements():
    model = build(**spatial_networks())
    terms = model.objective(Batch(X), True)
    assert all(terms[part].shape == (6,) for part in PARTS)


@pytest.mark.all
def test_one_row_and_large_inputs():
    networks = dense_networks(output_activation=None)
    for estimator in ("weighted", "stratified"):
        model = build(**networks, likelihood="gaussian", estimator=estimator)
        gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_data_set_smaller_than_a_batch(run_eagerly):
    model = build(dataset_size=4)
    model.compile("sgd", run_eagerly=run_eagerly)
    before = model.get_weights()
    message = r"^`dataset_size` must be at least the 6 rows of a batch\. .*_size=4$"
    for data in (
        X,
        tf.data.Dataset.from_tensor_slices(X).batch(6, drop_remainder=True),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(data, batch_size=6 if data is X else None, verbose=0)
    # Of a dataset whose last batch is smaller, the rows are known in its steps alone.
    with pytest.raises(ValueError, match=r"`dataset_size`.*(4 rows|=4)"):
        model.fit(tf.data.Dataset.from_tensor_slices(X).batch(6), verbose=0)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dataset_size": None}, r"`dataset_size` must be a positive.*=None"),
        ({"dataset_size": 0}, r"`dataset_size` must be a positive.*=0"),
        ({"estimator": "mss"}, r"`estimator` must be one of 'weighted', 'stratified'"),
        ({"total_correlation_weight": -1.0}, r"`total_correlation_weight`.*=-1.0"),
        (
            {"posterior": "power_spherical", "prior": "uniform_sphere"},
            r"`posterior` must be 'normal'.*power_spherical",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)
