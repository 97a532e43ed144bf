"""HamiltonianVAE: against NumPy, the VAE without steps, and what leapfrogs keep."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_latent.models import VAE, HamiltonianVAE
from keras_latent.models.variational.leapfrog import Leapfrog
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images
from tests.models.variational.test_iwae import Drawn

X = images(6)


def build(**arguments):
    return HamiltonianVAE(**{**dense_networks(), "seed": 1, **arguments})


def linear(**arguments):
    """A model of a linear decoder x̂ = z·W, whose energy has a gradient by hand."""
    encoder = keras.Sequential([keras.Input((3,)), keras.layers.Flatten()])
    decoder = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(3, use_bias=False)]
    )
    return HamiltonianVAE(encoder, decoder, "gaussian", seed=1, **arguments)


def test_terms_against_numpy():
    model = linear(leapfrog_steps=3, step_size=0.1, inverse_temperature=1.5)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    state = np.array(model.noise.seed_generator.state)
    terms = model.objective(Batch(x), True)
    model.noise.seed_generator.state.assign(state)
    start, (mean, log_var) = model.infer(x, True)
    noise = np.array(model.noise(start), "float64")
    start, mean, log_var = (np.array(a, "float64") for a in (start, mean, log_var))
    matrix = np.array(model.decoder.layers[0].kernel, "float64")
    z, momentum = start, noise * np.sqrt(1.5)
    inverse = [1.5 + (1.0 - 1.5) * k**2 / 9.0 for k in range(4)]
    for k in range(1, 4):
        momentum = momentum - 0.05 * ((z @ matrix - x) @ matrix.T + z)
        z = z + 0.1 * momentum
        momentum = momentum - 0.05 * ((z @ matrix - x) @ matrix.T + z)
        momentum = momentum * np.sqrt(inverse[k] / inverse[k - 1])
    errors = 0.5 * ((x - z @ matrix) ** 2).sum(1) + 1.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(terms["reconstruction"], errors, rtol=1e-5)
    log_q = -0.5 * ((start - mean) ** 2 / np.exp(log_var) + log_var).sum(axis=1)
    kinetic = 0.5 * (momentum**2 - noise**2).sum(axis=1)
    expected = log_q + 0.5 * (z**2).sum(axis=1) + kinetic
    np.testing.assert_allclose(terms["kl"], expected, rtol=1e-5, atol=1e-5)


def test_without_steps_it_is_the_vae_at_the_draw():
    networks = dense_networks()
    model, vae = build(**networks), VAE(**networks, posterior=Drawn(), seed=1)
    gradients.share_codes(model, vae)
    model.leapfrog.step_logits.assign(0.0 * model.leapfrog.step_logits - 200.0)
    model.leapfrog.temperature_logit.assign(-200.0)
    own = {id(v) for v in model.leapfrog.variables}
    found = [
        pull
        for variable, pull in zip(
            model.trainable_variables,
            gradients.gradients(model, lambda: gradients.loss(model, X)),
            strict=True,
        )
        if id(variable) not in own
    ]
    expected = gradients.gradients(vae, lambda: gradients.loss(vae, X))
    gradients.assert_same_gradients(found, expected, atol=1e-5)
    state = np.array(model.noise.seed_generator.state)
    vae.noise.seed_generator.state.assign(state)
    values = [float(gradients.loss(m, X)) for m in (model, vae)]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def quartic(z):
    """The gradient of ¼Σz⁴ + ½‖z‖²."""
    return z**3 + z


def energy(z, momentum):
    return np.sum(0.25 * z**4 + 0.5 * z**2 + 0.5 * momentum**2, axis=-1)


def without_temperature(steps, step_size):
    layer = Leapfrog((2,), steps, step_size, 1.5)
    layer.temperature_logit.assign(-200.0)
    return layer


class TestLeapfrog:
    Z = np.array([[0.5, -0.3]], "float32")
    NOISE = np.array([[0.2, 0.7]], "float32")

    @pytest.mark.parametrize("inverse_temperature", [1.0001, 1.5])
    def test_it_keeps_volumes_but_for_the_temperature(self, inverse_temperature):
        layer = Leapfrog((2,), 3, 0.3, inverse_temperature)
        start = tf.constant(np.concatenate([self.Z, self.NOISE], axis=1))
        with tf.GradientTape() as tape:
            tape.watch(start)
            z, momentum = layer.trajectory(start[:, :2], start[:, 2:], quartic)
            end = tf.concat([z, momentum], axis=1)
        # The factors of all temperatures undo that of the first momentum.
        jacobian = np.array(tape.batch_jacobian(end, start))[0]
        assert np.linalg.det(jacobian) == pytest.approx(1.0, rel=1e-4)

    def test_it_is_reversible(self):
        layer = without_temperature(4, 0.3)
        z, momentum = layer.trajectory(self.Z, self.NOISE, quartic)
        back, reversed_momentum = layer.trajectory(z, -momentum, quartic)
        np.testing.assert_allclose(back, self.Z, atol=1e-5)
        np.testing.assert_allclose(-reversed_momentum, self.NOISE, atol=1e-5)

    def test_its_error_is_of_second_order(self):
        errors = []
        for steps, size in ((4, 0.2), (8, 0.1), (16, 0.05)):
            layer = without_temperature(steps, size)
            end = layer.trajectory(self.Z, self.NOISE, quartic)
            change = energy(*map(np.array, end)) - energy(self.Z, self.NOISE)
            errors.append(abs(float(change[0])))
        assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.3)
        assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.3)

    def test_the_first_numbers(self):
        layer = Leapfrog((2,), 1, 0.2, 1.5)
        step = 0.5 / (1 + np.exp(-layer.step_logits.numpy()))
        np.testing.assert_allclose(step, 0.2, rtol=1e-6)
        softplus = np.log1p(np.exp(float(layer.temperature_logit.numpy())))
        assert 1.0 + softplus == pytest.approx(1.5, rel=1e-6)


def test_the_bound_is_below_the_likelihood():
    """Of a linear-Gaussian model, whose log p(x) is known; steps come closer to it."""
    model = linear(leapfrog_steps=4, step_size=0.3, inverse_temperature=1.3)
    matrix = np.array([[1.5, 0.0, 0.5], [0.0, 1.0, -0.5]], "float32")
    model.decoder.layers[0].set_weights([matrix])
    model.code_mean.set_weights([np.zeros((3, 2)), np.zeros(2)])
    model.code_log_var.set_weights([np.zeros((3, 2)), np.zeros(2)])
    x = np.repeat([[1.0, -0.5, 0.3]], 20000, axis=0).astype("float32")
    covariance = np.eye(3) + matrix.T @ matrix
    _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
    exact = -0.5 * (x[0] @ np.linalg.solve(covariance, x[0]) + log_det)
    bound = -float(gradients.loss(model, x))
    vae = VAE(model.encoder, model.decoder, "gaussian", posterior=Drawn(), seed=1)
    gradients.share_codes(model, vae)
    plain = -float(gradients.loss(vae, x))
    assert plain < bound < exact


@pytest.mark.all
def test_one_row_and_large_inputs():
    networks = dense_networks(output_activation=None)
    model = build(**networks, likelihood="gaussian")
    gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"leapfrog_steps": 0}, r"`leapfrog_steps` must be a positive.*=0"),
        ({"step_size": 0.5}, r"`step_size` must be a number between 0 and 0.5.*=0.5"),
        ({"inverse_temperature": 1.0}, r"`inverse_temperature` must be.*=1.0"),
        (
            {"posterior": "power_spherical", "prior": "uniform_sphere"},
            r"`posterior` must be one of real numbers.*power_spherical",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_the_largest_temperature_that_is_allowed():
    model = build(inverse_temperature=9e5)
    first = 1.0 + np.logaddexp(0.0, float(model.leapfrog.temperature_logit))
    assert first == pytest.approx(9e5)
