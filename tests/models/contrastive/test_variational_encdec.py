import keras
import numpy as np
import pytest
from keras import ops

from keras_latent import datasets
from keras_latent.losses import different, same
from keras_latent.models import VariationalEncDec
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import LATENT_DIM, dense_networks, images

WEIGHTS = {
    "cycle": 0.9,
    "spread": 0.8,
    "discrimination": 1.7,
    "kl": 0.3,
    "kl_mean": 0.4,
}


def build(**arguments):
    weights = {f"{term}_weight": weight for term, weight in WEIGHTS.items()}
    defaults = {**dense_networks(), **weights, "margin": 1.5, "seed": 1}
    return VariationalEncDec(**{**defaults, **arguments})


def next_noise(model, shape):
    """The noise that the model draws next; afterwards it draws the same again."""
    state = np.array(model.noise.seed_generator.state)
    noise = np.array(model.noise(np.zeros(shape, "float32")))
    model.noise.seed_generator.state.assign(state)
    return noise


def numpy_different(a, b, margin):
    distance = np.sqrt(np.mean((a - b) ** 2, axis=-1))
    return 0.5 * np.maximum(margin - distance, 0.0) ** 2


@pytest.mark.parametrize("count", [6, 7])
def test_terms_equal_the_equations(count):
    model, x = build(), images(count)
    noise = next_noise(model, (count, LATENT_DIM))
    mean, log_var = (np.array(p, "float64") for p in model.posterior_parameters(x))
    z = mean + np.exp(0.5 * log_var) * noise
    generated = np.array(model.decode(z))
    # In value, the posteriors of x' and of sg(x') are one.
    other_mean, other_log_var = (
        np.array(p, "float64") for p in model.posterior_parameters(generated)
    )
    variance = np.sum(np.exp(log_var) - 1.0 - log_var, axis=-1)
    other_variance = np.sum(np.exp(other_log_var) - 1.0 - other_log_var, axis=-1)
    length, other_length = np.sum(mean**2, axis=-1), np.sum(other_mean**2, axis=-1)
    paired = count // 2 * 2
    expected = {
        "cycle": 0.5 * np.mean((other_mean - z) ** 2),
        "spread": np.mean(numpy_different(z[0:paired:2], z[1:paired:2], model.margin)),
        "discrimination": np.mean(numpy_different(other_mean, z, model.margin)),
        "kl": np.mean(variance / 8 + other_variance / 8 + other_variance / 4),
        "kl_mean": np.mean(length / 8 + other_length / 8 + other_length / 4),
    }
    expected["loss"] = sum(WEIGHTS[term] * value for term, value in expected.items())
    expected["latent_length"] = 0.5 * (np.mean(z**2) + np.mean(other_mean**2))
    expected["mse"] = np.mean((x - generated) ** 2)
    model.compile(run_eagerly=True)
    logs = model.evaluate(x, batch_size=count, return_dict=True, verbose=0)
    assert logs == pytest.approx(expected, rel=1e-5)


def test_default_weights():
    model = VariationalEncDec(**dense_networks())
    weights = {name: float(weight) for name, weight in model.term_weights.items()}
    assert weights == pytest.approx(
        {
            "cycle_weight": 1.0,
            "spread_weight": 1.0,
            "discrimination_weight": 2.0,
            "kl_weight": 1e-3,
            "kl_mean_weight": 0.0,
        }
    )


@pytest.mark.parametrize("repair", [None, keras.layers.Identity()])
def test_the_shared_pass_equals_two_passes(repair):
    model, x = build(repair=repair), images(6)
    noise = next_noise(model, (6, LATENT_DIM))

    def divergences(posterior):
        variance = ops.sum(
            ops.exp(posterior.log_var) - 1.0 - posterior.log_var, axis=-1
        )
        return ops.mean(variance), ops.mean(ops.sum(posterior.mean**2, axis=-1))

    def two_passes():
        posterior = model.posterior_parameters(x, training=True)
        z = posterior.mean + ops.exp(0.5 * posterior.log_var) * noise
        generated = model.decode(z, training=True)
        live = model.posterior_parameters(generated, training=True)
        stopped = model.posterior_parameters(
            ops.stop_gradient(generated), training=True
        )
        kl, kl_mean = (
            first / 8 + second / 8 + third / 4
            for first, second, third in zip(
                *map(divergences, (posterior, live, stopped)), strict=True
            )
        )
        return (
            WEIGHTS["cycle"] * ops.mean(same(live.mean, z))
            + WEIGHTS["spread"] * ops.mean(different(z[0::2], z[1::2], model.margin))
            + WEIGHTS["discrimination"]
            * ops.mean(different(stopped.mean, z, model.margin))
            + WEIGHTS["kl"] * kl
            + WEIGHTS["kl_mean"] * kl_mean
        )

    gradients.assert_same_gradients(
        gradients.gradients(model, lambda: gradients.loss(model, x)),
        gradients.gradients(model, two_passes),
    )


def test_discrimination_does_not_move_the_decoder_through_its_images():
    model, x = build(), images(6)
    moved = gradients.gradients(
        model, lambda: ops.mean(model.objective(Batch(x), True)["discrimination"])
    )
    decoder = {id(v) for v in model.decoder.trainable_variables}
    to_encoder = 0.0
    for variable, gradient in zip(model.trainable_variables, moved, strict=True):
        if id(variable) in decoder:
            # z isn't stopped in any term, but it doesn't depend on the decoder.
            np.testing.assert_array_equal(gradient, 0.0)
        else:
            to_encoder += np.abs(gradient).sum()
    assert to_encoder > 0.0


def test_a_batch_of_one_row():
    model = build()
    terms = model.objective(Batch(images(1)), True)
    assert np.array(terms["spread"]).tolist() == [0.0]
    assert all(np.isfinite(value).all() for value in terms.values())


@pytest.mark.parametrize("name", ["margin", "kl_weight", "kl_mean_weight"])
def test_negative_arguments(name):
    with pytest.raises(ValueError, match=rf"`{name}`.*Received: {name}=-1"):
        build(**{name: -1})


def test_posteriors_begin_narrow_in_every_place_that_makes_the_layers():
    for model in (build(), VariationalEncDec.for_images((16, 16, 1), latent_dim=3)):
        np.testing.assert_array_equal(model.code_log_var.bias, np.full(3, -5.0))
        np.testing.assert_array_equal(model.code_mean.bias, np.zeros(3))


@pytest.mark.all
def test_codes_come_to_tell_of_digits():
    digits, _ = datasets.arrays("mnist", "train", limit=25_600)
    model = VariationalEncDec.for_images((28, 28, 1), latent_dim=16)
    model.compile()
    model.fit(digits, batch_size=128, epochs=1, verbose=0)
    shown = digits[:1000]
    error = np.mean((model.reconstruct(shown) - shown) ** 2)
    # It was four times that of the mean image where posteriors began at σ = 1.
    assert error < 0.95 * np.mean((shown.mean(axis=0) - shown) ** 2)
