import numpy as np
import pytest

from keras_latent.models import VAE, Autoencoder
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import LATENT_DIM, dense_networks, images


def build(**arguments):
    return VAE(**{**dense_networks(), "seed": 1, **arguments})


def kl_by_dimension(model, x):
    mean, log_var = (np.array(p, "float64") for p in model.posterior_parameters(x))
    return 0.5 * (mean**2 + np.exp(log_var) - 1.0 - log_var)


def with_next_draw_known(model, shape):
    """The noise that the model draws next; afterwards it draws the same again."""
    state = np.array(model.noise.seed_generator.state)
    noise = np.array(model.noise(np.zeros(shape, "float32")))
    model.noise.seed_generator.state.assign(state)
    return noise


def test_terms():
    model, x = build(), images(5)
    noise = with_next_draw_known(model, (5, LATENT_DIM))
    mean, log_var = map(np.array, model.posterior_parameters(x))
    decoded = np.array(model.decode(mean + np.exp(0.5 * log_var) * noise))
    log_prob = x * np.log(decoded) + (1 - x) * np.log(1 - decoded)
    terms = model.objective(Batch(x), training=True)
    np.testing.assert_allclose(
        terms["reconstruction"], -log_prob.sum(axis=(1, 2, 3)), rtol=1e-5
    )
    np.testing.assert_allclose(
        terms["kl"], kl_by_dimension(model, x).sum(axis=-1), rtol=1e-5, atol=1e-6
    )


def test_beta_one_is_the_negative_evidence_lower_bound():
    model, x = build(beta=1.0), images(6)
    model.compile(run_eagerly=True)
    noise = with_next_draw_known(model, (6, LATENT_DIM))
    loss = model.evaluate(x, verbose=0)[0]
    mean, log_var = map(np.array, model.posterior_parameters(x))
    z = mean + np.exp(0.5 * log_var) * noise
    log_likelihood = np.array(model.likelihood.log_prob(x, model.decoder(z)))
    bound = np.mean(log_likelihood - kl_by_dimension(model, x).sum(axis=-1))
    assert loss == pytest.approx(-bound, rel=1e-5)


def test_beta_zero_without_noise_is_the_autoencoder():
    networks, x = dense_networks(), images(6)
    model = build(**networks, beta=0.0)
    plain = Autoencoder(**networks, likelihood="bernoulli")
    plain.code.set_weights(model.code_mean.get_weights())
    kernel, bias = model.code_log_var.get_weights()
    model.code_log_var.set_weights([0 * kernel, 0 * bias - 20.0])
    # Without the variance's own two, which the autoencoder doesn't have.
    variances = {id(v) for v in model.code_log_var.trainable_variables}
    kept = [
        gradient
        for variable, gradient in zip(
            model.trainable_variables,
            gradients.gradients(model, lambda: gradients.loss(model, x)),
            strict=True,
        )
        if id(variable) not in variances
    ]
    expected = gradients.gradients(plain, lambda: gradients.loss(plain, x))
    gradients.assert_same_gradients(kept, expected, atol=1e-3)


def test_without_free_bits_nothing_changes():
    networks, x = dense_networks(), images(6)
    first, second = build(**networks), build(**networks, free_bits=0.0)
    second.set_weights(first.get_weights())
    a = first.objective(Batch(x), True)["kl"]
    b = second.objective(Batch(x), True)["kl"]
    np.testing.assert_array_equal(a, b)


def test_free_bits():
    model, x = build(), images(6)
    by_dimension = kl_by_dimension(model, x).mean(axis=0)
    # Between the dimensions' own costs, so that some are pressed and some are not.
    free_bits = float(np.median(by_dimension)) * 1.01
    free = build(encoder=model.encoder, decoder=model.decoder, free_bits=free_bits)
    free.set_weights(model.get_weights())
    expected = np.maximum(by_dimension, free_bits).sum()
    assert float(np.mean(free.objective(Batch(x), True)["kl"])) == pytest.approx(
        expected, rel=1e-5
    )
    assert expected > by_dimension.sum()


def test_free_dimensions_are_not_pressed():
    model, x = build(free_bits=100.0), images(6)
    pulls = gradients.gradients(
        model, lambda: sum(model.objective(Batch(x), True)["kl"])
    )
    for pull in pulls:
        np.testing.assert_array_equal(pull, 0.0)


@pytest.mark.parametrize("name", ["beta", "free_bits"])
@pytest.mark.parametrize("value", [-0.5, float("nan"), "1"])
def test_weights_must_be_numbers_of_at_least_zero(name, value):
    with pytest.raises(ValueError, match=rf"`{name}`.*Received: {name}={value!r}"):
        build(**{name: value})
