"""InfoVAE: against NumPy, and the models that it is at the ends of its weights."""

import keras
import numpy as np
import pytest

from keras_latent import distributions
from keras_latent.models import VAE, InfoVAE, WassersteinAutoencoder
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import LATENT_DIM, dense_networks, images
from tests.test_losses import mmd_by_numpy

X = images(6)


def build(**arguments):
    return InfoVAE(**{**dense_networks(), "seed": 1, **arguments})


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_terms_against_numpy(kernel):
    model = build(kernel=kernel)
    states = [model.noise.seed_generator.state, model.prior_seed.state]
    before = [np.array(state) for state in states]
    terms = model.objective(Batch(X), True)
    for state, value in zip(states, before, strict=True):
        state.assign(value)
    latent = model.infer(X, True)
    drawn = keras.random.normal((6, LATENT_DIM), seed=model.prior_seed)
    expected = mmd_by_numpy(
        *(np.array(a, "float64") for a in (latent.z, drawn)), kernel
    )
    assert float(terms["mmd"]) == pytest.approx(expected, rel=1e-5, abs=1e-5)
    np.testing.assert_allclose(terms["kl"], model.kl(latent), rtol=1e-6)


def test_without_a_discrepancy_it_is_the_vae():
    networks = dense_networks()
    model = build(**networks, mmd_weight=0.0)
    vae = VAE(**networks, seed=1)
    gradients.share_codes(model, vae)
    found, expected = (
        gradients.gradients(m, lambda m=m: gradients.loss(m, X)) for m in (model, vae)
    )
    gradients.assert_same_gradients(found, expected, atol=0.0)


def test_without_a_divergence_and_a_variance_it_is_the_wasserstein_autoencoder():
    networks = dense_networks()
    model = build(**networks, kl_weight=0.0, mmd_weight=5.0)
    gradients.without_variance(model)
    plain = WassersteinAutoencoder(
        **networks, likelihood="bernoulli", mmd_weight=5.0, seed=1
    )
    plain.code.set_weights(model.code_mean.get_weights())
    # The least variance is e⁻²⁰, whose noise is of the order of 1e-5.
    assert float(gradients.loss(model, X)) == pytest.approx(
        float(gradients.loss(plain, X)), rel=1e-4
    )


@pytest.mark.parametrize(
    ("alpha", "lambda_", "weights"),
    [(0.0, 1000.0, (1.0, 999.0)), (0.5, 0.5, (0.5, 0.0)), (-0.5, 5.0, (1.5, 3.5))],
)
def test_weights_in_the_papers_terms(alpha, lambda_, weights):
    networks = dense_networks()
    model = InfoVAE.from_alpha_lambda(alpha, lambda_, **networks, kernel="rbf")
    assert (float(model.kl_weight), float(model.mmd_weight)) == weights
    assert model.kernel == "rbf"
    positional = InfoVAE.from_alpha_lambda(alpha, lambda_, *networks.values())
    assert float(positional.mmd_weight) == weights[1]


@pytest.mark.parametrize(("alpha", "lambda_"), [(0.0, 1e-3), (1.5, 5.0), (-3.0, 3.9)])
def test_weights_that_would_be_negative(alpha, lambda_):
    message = rf"`alpha` must be at most 1.*Received: alpha={alpha}, lambda_={lambda_}"
    with pytest.raises(ValueError, match=message):
        InfoVAE.from_alpha_lambda(alpha, lambda_, **dense_networks())


@pytest.mark.parametrize("name", ["kl_weight", "mmd_weight"])
def test_a_weight_beside_the_papers(name):
    with pytest.raises(ValueError, match=rf"`{name}` can't be given beside.*{name}=3"):
        InfoVAE.from_alpha_lambda(0.0, 10.0, **dense_networks(), **{name: 3})


@pytest.mark.parametrize("name", ["alpha", "lambda_"])
@pytest.mark.parametrize("value", ["0", float("nan"), None])
def test_the_papers_weights_are_numbers(name, value):
    weights = {"alpha": 0.0, "lambda_": 10.0, name: value}
    with pytest.raises(ValueError, match=rf"`{name}` must be a number.*={value!r}"):
        InfoVAE.from_alpha_lambda(**weights, **dense_networks())


def test_on_the_sphere_elements_vary_less():
    """C is 2, the mean squared distance between two vectors of length 1."""
    model = build(
        posterior=distributions.PowerSpherical(),
        prior=distributions.UniformSphere(),
        kernel="rbf",
    )
    state = np.array(model.prior_seed.state)
    z = np.eye(LATENT_DIM, dtype="float32")
    found = float(model.discrepancy(z))
    model.prior_seed.state.assign(state)
    drawn = np.array(model.prior.sample(shape=z.shape, seed=model.prior_seed))

    def similar(a, b):
        return np.exp(-((a[:, None] - b[None]) ** 2).sum(-1) / 2.0)

    off = 1.0 - np.eye(LATENT_DIM)
    pairs = LATENT_DIM * (LATENT_DIM - 1)
    among = [np.sum(similar(a, a) * off) / pairs for a in (z, drawn)]
    expected = sum(among) - 2.0 * similar(z, drawn).mean()
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.all
def test_one_row_and_large_inputs():
    networks = dense_networks(output_activation=None)
    model = build(**networks, likelihood="gaussian")
    gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mmd_weight": -0.999}, r"`mmd_weight` must be a number.*mmd_weight=-0.999"),
        ({"kl_weight": -1}, r"`kl_weight` must be a number.*kl_weight=-1"),
        ({"kernel": "rational"}, r"`kernel` must be one of 'imq', 'rbf'.*'rational'"),
        ({"prior": "uniform_sphere"}, r"must live on the same space.*uniform_sphere"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize("lambda_", [4.6, 4.1, 2.8, 2.3, 1.9])
def test_weights_that_add_up_to_1_but_for_rounding(lambda_):
    networks = dense_networks()
    model = InfoVAE.from_alpha_lambda(
        1.0 - lambda_, lambda_, networks["encoder"], networks["decoder"]
    )
    assert float(model.mmd_weight) == 0.0
