"""MIWAE, CIWAE and PIWAE: against NumPy, against each other, and PIWAE's players."""

import keras
import numpy as np
import pytest
from scipy import special, stats

from keras_latent import losses
from keras_latent.models import CIWAE, IWAE, MIWAE, PIWAE, VAE
from keras_latent.typing import Batch
from tests.models import gradients
from tests.models.cases import dense_networks, images
from tests.models.variational.test_iwae import Drawn, bernoulli

X = np.round(images(5))
BOUNDS, SAMPLES = 2, 3


def build(variant, **arguments):
    defaults = {"seed": 1, "num_samples": SAMPLES}
    if variant is not IWAE:
        defaults["num_bounds"] = BOUNDS
    return variant(**{**dense_networks(), **defaults, **arguments})


def log_weights(model):
    """Log w of the next draws, (rows, draws), by NumPy; the model draws them again."""
    state = np.array(model.noise.seed_generator.state)
    draws = BOUNDS * SAMPLES
    z, (mean, log_var) = model.infer(X, False, draws)
    model.noise.seed_generator.state.assign(state)
    z, mean, log_var = (np.array(a, "float64") for a in (z, mean, log_var))
    decoded = np.array(model.decode(z.reshape(-1, z.shape[-1]).astype("float32")))
    log_p_x = bernoulli(X[:, None], decoded.reshape(5, draws, *X.shape[1:]))
    log_q = stats.norm(mean[:, None], np.exp(0.5 * log_var[:, None])).logpdf(z).sum(-1)
    return log_p_x + stats.norm.logpdf(z).sum(-1) - log_q


def bound(log_weights, samples):
    by_bound = log_weights.reshape(len(log_weights), -1, samples)
    return -(special.logsumexp(by_bound, axis=-1) - np.log(samples)).mean(axis=1)


@pytest.mark.parametrize("variant", [MIWAE, CIWAE, PIWAE])
def test_terms_against_numpy(variant):
    model = build(variant)
    if variant is CIWAE:
        model.mixing = 0.3
    weights = log_weights(model)
    terms = model.objective(Batch(X), True)
    mean_bound, whole = bound(weights, SAMPLES), bound(weights, BOUNDS * SAMPLES)
    expected = {
        MIWAE: {"bound": mean_bound},
        PIWAE: {"mean_bound": mean_bound, "bound": whole},
        CIWAE: {
            "bound": mean_bound,
            "lower_bound": -weights.mean(axis=1),
            "combined_bound": -0.3 * weights.mean(axis=1) + 0.7 * mean_bound,
        },
    }[variant]
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-5, err_msg=name)


def test_the_bound_of_weights_and_its_gradient():
    def by_numpy(log_weights):
        return float(np.sum(special.logsumexp(log_weights, axis=-1) - np.log(4)))

    gradients.assert_equals_reference(
        lambda w: keras.ops.sum(losses.importance_weighted_bound(w)),
        by_numpy,
        np.random.default_rng(0).normal(size=(3, 4)),
    )


def step(model):
    """The gradient of the first player's loss."""
    first = next(iter(model.players().values()))

    def loss():
        terms = model.objective(Batch(X), True)
        return sum(keras.ops.mean(terms[term]) for term in first.terms)

    return gradients.gradients(model, loss)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            (MIWAE, {"num_bounds": 1, "num_samples": 6}),
            (IWAE, {"num_samples": 6}),
        ),
        ((CIWAE, {"mixing": 0.0}), (MIWAE, {})),
        ((CIWAE, {"num_bounds": 1, "mixing": 0.0}), (IWAE, {})),
        (
            (CIWAE, {"mixing": 1.0}),
            (MIWAE, {"num_bounds": 6, "num_samples": 1}),
        ),
        ((PIWAE, {}), (MIWAE, {})),
    ],
    ids=["one bound", "no mixing", "one bound, no mixing", "all mixing", "encoder"],
)
def test_ends_of_the_numbers(one, other):
    networks = dense_networks()
    first, second = (build(v, **{**networks, **a}) for v, a in (one, other))
    gradients.share_codes(first, second)
    gradients.assert_same_gradients(step(first), step(second))


def test_one_draw_in_each_bound_is_the_evidence_lower_bound():
    """Of the mean over draws, the mean over as many rows."""
    networks, rows = dense_networks(), np.repeat(X, 4, axis=0)
    model = build(MIWAE, **networks, num_bounds=4, num_samples=1)
    vae = VAE(**networks, posterior=Drawn(), seed=1)
    gradients.share_codes(model, vae)
    found = np.mean(model.objective(Batch(X), True)["bound"])
    expected = float(gradients.loss(vae, rows))
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_numbers_of_bounds_and_draws_have_their_own_axes():
    """Where M and K differ, the K draws of a bound are those of logsumexp."""
    networks = dense_networks()
    model = build(MIWAE, **networks, num_bounds=6, num_samples=2)
    other = build(MIWAE, **networks, num_bounds=2, num_samples=6)
    gradients.share_codes(model, other)
    few, many = (np.mean(m.objective(Batch(X), True)["bound"]) for m in (model, other))
    assert many < few


@pytest.mark.parametrize(
    ("still", "moving"), [("encoder", "decoder"), ("decoder", "encoder")]
)
def test_a_players_step_leaves_the_other_bit_for_bit(still, moving):
    model = build(PIWAE)
    rates = {still: 0.0, moving: 0.5}
    sgd = {name: keras.optimizers.SGD(rate) for name, rate in rates.items()}
    model.compile(sgd, run_eagerly=True)
    players = model.players()
    before = {n: [v.numpy() for v in p.variables] for n, p in players.items()}
    model.fit(X, batch_size=5, verbose=0)
    after = {n: [v.numpy() for v in p.variables] for n, p in players.items()}
    for a, b in zip(after[still], before[still], strict=True):
        np.testing.assert_array_equal(a, b)
    pairs = zip(after[moving], before[moving], strict=True)
    assert any(not np.array_equal(a, b) for a, b in pairs)


def test_the_decoder_of_piwae_is_that_of_iwae():
    networks = dense_networks()
    model, iwae = build(PIWAE, **networks), build(IWAE, **networks, num_samples=6)
    gradients.share_codes(model, iwae)
    whole = gradients.gradients(
        iwae, lambda: keras.ops.mean(iwae.objective(Batch(X), True)["bound"])
    )
    found = gradients.gradients(
        model, lambda: keras.ops.mean(model.objective(Batch(X), True)["bound"])
    )
    gradients.assert_same_gradients(found, whole)
    owned = [v for p in model.players().values() for v in p.variables]
    assert {id(v) for v in owned} == {id(v) for v in model.trainable_variables}
    assert len(owned) == len(model.trainable_variables)


@pytest.mark.all
@pytest.mark.parametrize("variant", [MIWAE, CIWAE, PIWAE])
def test_one_row_and_large_inputs(variant):
    networks = dense_networks(output_activation=None)
    model = build(variant, **networks, likelihood="gaussian")
    gradients.assert_finite_training(model, 1e3 * X)


@pytest.mark.parametrize("variant", [MIWAE, CIWAE, PIWAE])
@pytest.mark.parametrize("name", ["num_bounds", "num_samples"])
def test_numbers_must_be_positive(variant, name):
    with pytest.raises(ValueError, match=rf"`{name}` must be a positive.*{name}=0"):
        build(variant, **{name: 0})


def test_the_mixing_must_be_a_part():
    with pytest.raises(ValueError, match=r"`mixing` must be a number in \[0, 1\].*1.5"):
        build(CIWAE, mixing=1.5)
