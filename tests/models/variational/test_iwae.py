"""The importance-weighted bound: against NumPy, the plain bound, and its gradients."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from keras_latent.distributions import Normal
from keras_latent.models import IWAE, VAE
from keras_latent.typing import Batch
from tests.models.cases import dense_networks, images

X = np.round(images(5))


class Drawn(Normal):
    """Normal, whose divergence is known at draws alone."""

    def kl_by_element(self, parameters, prior):
        return None


def build(**arguments):
    return IWAE(**dense_networks(), **{"seed": 1, **arguments})


def bernoulli(x, probabilities):
    p = np.clip(np.asarray(probabilities, "float64"), 1e-7, 1 - 1e-7)
    return np.sum(x * np.log(p) + (1 - x) * np.log1p(-p), axis=(-3, -2, -1))


@pytest.mark.parametrize("gradient", ["iwae", "stl", "dreg"])
@pytest.mark.parametrize("draws", [1, 3])
def test_the_bound_against_numpy(gradient, draws):
    model = build(num_samples=draws, gradient=gradient)
    state = model.noise.seed_generator.state.numpy()
    terms = model.objective(Batch(X), False)
    model.noise.seed_generator.state.assign(state)
    z, (mean, log_var) = model.infer(X, False, draws)
    z, mean, log_var = (np.array(a, "float64") for a in (z, mean, log_var))
    decoded = np.array(model.decode(z.reshape(-1, z.shape[-1]).astype("float32")))
    decoded = decoded.reshape(5, draws, *decoded.shape[1:])
    log_q = stats.norm(mean[:, None], np.exp(0.5 * log_var[:, None])).logpdf(z).sum(-1)
    log_p = stats.norm.logpdf(z).sum(-1)
    log_weights = bernoulli(X[:, None], decoded) + log_p - log_q
    expected = special.logsumexp(log_weights, axis=1) - np.log(draws)
    np.testing.assert_allclose(-np.array(terms["bound"]), expected, rtol=1e-5)
    np.testing.assert_allclose(terms["kl"], (log_q - log_p).mean(1), rtol=1e-5)


def trained(model):
    model.compile(keras.optimizers.SGD(1.0))
    logs = model.fit(X, batch_size=5, verbose=0).history
    return logs["loss"][0], model.get_weights()


def test_one_draw_is_the_evidence_lower_bound():
    """Weights and gradients are those of a VAE with the divergence at the draw."""
    networks = dense_networks()
    clone = {name: keras.models.clone_model(n) for name, n in networks.items()}
    one = IWAE(**networks, num_samples=1, seed=3)
    vae = VAE(**clone, posterior=Drawn(), seed=3)
    for name in ("encoder", "decoder", "code_mean", "code_log_var"):
        getattr(vae, name).set_weights(getattr(one, name).get_weights())
    loss, _ = trained(one)
    expected, _ = trained(vae)
    assert loss == pytest.approx(expected, rel=1e-5)
    for a, b in zip(one.trainable_variables, vae.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5)


def test_the_bound_grows_with_the_draws():
    networks, x = dense_networks(), np.tile(X, (200, 1, 1, 1))
    bounds = []
    for draws in (1, 5, 50):
        model = IWAE(**networks, num_samples=draws, seed=1)
        model.code_log_var.set_weights(
            [
                0 * w + 1.0 if w.ndim == 1 else w
                for w in model.code_log_var.get_weights()
            ]
        )
        bounds.append(-float(np.mean(model.objective(Batch(x), False)["bound"])))
    assert bounds[0] < bounds[1] < bounds[2]


def gradients(model, x, layers):
    variables = [v.value for layer in layers for v in layer.trainable_variables]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.objective(Batch(x), True)["bound"])
    return np.concatenate([np.ravel(g) for g in tape.gradient(loss, variables)])


def shared(gradient, networks, weights):
    model = IWAE(**networks, num_samples=4, gradient=gradient, seed=5)
    for name, own in weights.items():
        getattr(model, name).set_weights(own)
    return model


@pytest.fixture
def by_gradient():
    networks = dense_networks()
    first = IWAE(**networks, num_samples=4, seed=5)
    names = ("code_mean", "code_log_var")
    weights = {name: getattr(first, name).get_weights() for name in names}
    return {g: shared(g, networks, weights) for g in ("iwae", "stl", "dreg")}


def test_the_decoders_gradient_is_the_same_for_all(by_gradient):
    found = {g: gradients(m, X, [m.decoder]) for g, m in by_gradient.items()}
    np.testing.assert_allclose(found["stl"], found["iwae"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["dreg"], found["iwae"], rtol=1e-5, atol=1e-6)


def test_doubly_reparametrised_gradients_are_right_on_average(by_gradient):
    """Tucker et al.: another estimate of the same gradient, of less variance."""
    x = np.repeat(X[:1], 400, axis=0)
    means = {}
    for name in ("iwae", "dreg"):
        model = by_gradient[name]
        layers = [model.code_mean, model.code_log_var]
        draws = np.stack([gradients(model, x, layers) for _ in range(12)])
        means[name] = draws.mean(axis=0), draws.std(axis=0, ddof=1) / np.sqrt(12)
    (iwae, error), (dreg, other) = means["iwae"], means["dreg"]
    assert np.abs(iwae - dreg).max() > 0
    assert (np.abs(iwae - dreg) < 5 * np.hypot(error, other) + 1e-6).all()


def test_sticking_the_landing_has_no_variance_where_q_is_exact():
    """Of a linear-Gaussian model whose posterior is the true one, the gradient is 0."""
    weights = np.diag([1.5, 0.7]).astype("float32")
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Flatten()])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model = IWAE(encoder, decoder, "gaussian", num_samples=1, gradient="stl", seed=1)
    decoder.layers[0].set_weights([weights.T, np.zeros(2)])
    variances = 1.0 / (1.0 + np.diag(weights) ** 2)
    model.code_mean.set_weights([weights * variances, np.zeros(2)])
    model.code_log_var.set_weights([np.zeros((2, 2)), np.log(variances)])
    x = np.random.default_rng(0).normal(size=(4, 2)).astype("float32")
    layers = [model.code_mean, model.code_log_var]
    np.testing.assert_allclose(gradients(model, x, layers), 0.0, atol=1e-5)
    model.gradient = "iwae"
    assert np.abs(gradients(model, x, layers)).max() > 1e-2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_samples": 0}, r"`num_samples`.*Received: num_samples=0"),
        ({"gradient": "reinforce"}, r"`gradient` must be one of 'iwae', 'stl', 'dreg'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize("gradient", ["iwae", "stl", "dreg"])
def test_nobody_is_warned_of_one_draw(gradient):
    model = IWAE(**dense_networks(), num_samples=1, gradient=gradient)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(model)
