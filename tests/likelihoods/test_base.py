import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_latent.likelihoods import (
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    Likelihood,
    TensorLikelihood,
)
from tests.tiers import in_two_tiers

LIKELIHOODS = {
    "bernoulli": Bernoulli(),
    "bernoulli_logits": Bernoulli(from_logits=True),
    "continuous_bernoulli": ContinuousBernoulli(),
    "continuous_bernoulli_logits": ContinuousBernoulli(from_logits=True),
    "gaussian": Gaussian(scale=0.5),
    "gaussian_learned": Gaussian(scale=0.5, learn_scale=True),
    "gaussian_optimal": Gaussian(scale="optimal"),
    "discretized_logistic": DiscretizedLogistic(scale=0.1),
    "categorical": Categorical(),
    "categorical_logits": Categorical(from_logits=True),
}
every_likelihood = pytest.mark.parametrize(
    "likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS
)
few_likelihoods = pytest.mark.parametrize(
    "likelihood",
    in_two_tiers(
        LIKELIHOODS.values(),
        [LIKELIHOODS["gaussian_learned"], LIKELIHOODS["categorical_logits"]],
    ),
    ids=LIKELIHOODS,
)


def observation(shape=(3, 2, 5), seed=0):
    """One-hot vectors, which every likelihood takes."""
    categories = np.random.default_rng(seed).integers(shape[-1], size=shape[:-1])
    return np.eye(shape[-1], dtype="float32")[categories]


def decoder_output(likelihood, shape=(3, 2, 5), seed=1):
    logits = np.random.default_rng(seed).normal(size=shape).astype("float32")
    activation = keras.activations.get(likelihood.image_activation)
    return ops.convert_to_numpy(activation(ops.convert_to_tensor(logits)))


@keras.saving.register_keras_serializable(package="test_likelihoods")
class Scored(keras.Model):
    """Trains a likelihood on its own input; the smallest model that owns one."""

    def __init__(self, likelihood, **kwargs):
        super().__init__(**kwargs)
        self.likelihood = likelihood
        self.dense = keras.layers.Dense(5, activation=likelihood.image_activation)

    def call(self, x):
        parameters = self.dense(x)
        self.add_loss(-ops.mean(self.likelihood.log_prob(x, parameters)))
        return self.likelihood.mean(parameters)

    def get_config(self):
        likelihood = keras.saving.serialize_keras_object(self.likelihood)
        return {**super().get_config(), "likelihood": likelihood}

    @classmethod
    def from_config(cls, config):
        likelihood = keras.saving.deserialize_keras_object(config.pop("likelihood"))
        return cls(likelihood=likelihood, **config)


@pytest.fixture
def mixed_float16():
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    yield
    keras.mixed_precision.set_dtype_policy("float32")


@every_likelihood
def test_log_prob_sums_over_the_event(likelihood):
    x, parameters = observation(), decoder_output(likelihood)
    parts = [likelihood.log_prob(x[:, i], parameters[:, i]) for i in range(2)]
    log_prob = likelihood.log_prob(x, parameters)
    assert log_prob.shape == (3,)
    np.testing.assert_allclose(log_prob, parts[0] + parts[1], rtol=1e-5)


@pytest.mark.parametrize("name", ["bernoulli", "continuous_bernoulli", "categorical"])
def test_logits_and_probabilities_agree(name):
    likelihood, of_logits = LIKELIHOODS[name], LIKELIHOODS[name + "_logits"]
    logits = 2 * decoder_output(of_logits)
    activation = keras.activations.get(likelihood.image_activation)
    probabilities = activation(ops.convert_to_tensor(logits))
    x = observation()
    np.testing.assert_allclose(
        likelihood.log_prob(x, probabilities), of_logits.log_prob(x, logits), rtol=1e-5
    )
    np.testing.assert_allclose(
        likelihood.mean(probabilities), of_logits.mean(logits), rtol=1e-5
    )


@every_likelihood
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_gives_float32(likelihood, dtype):
    x = ops.cast(observation(), dtype)
    parameters = ops.cast(decoder_output(likelihood), dtype)
    exact = likelihood.log_prob(ops.cast(x, "float32"), ops.cast(parameters, "float32"))
    log_prob = likelihood.log_prob(x, parameters)
    assert log_prob.dtype == "float32"
    np.testing.assert_array_equal(log_prob, exact)
    assert likelihood.mean(parameters).dtype == "float32"
    assert likelihood.sample(parameters).dtype == "float32"


@every_likelihood
def test_compiled_equals_eager(likelihood):
    x, parameters = observation(), decoder_output(likelihood)
    compiled = tf.function(likelihood.log_prob, jit_compile=True)
    np.testing.assert_allclose(
        compiled(tf.constant(x), tf.constant(parameters)),
        likelihood.log_prob(x, parameters),
        rtol=1e-5,
    )


@every_likelihood
def test_sample_follows_its_seed(likelihood):
    parameters = decoder_output(likelihood, shape=(50, 5))
    first = likelihood.sample(parameters, seed=3)
    assert first.shape == (50, 5)
    np.testing.assert_array_equal(first, likelihood.sample(parameters, seed=3))
    assert np.any(first != likelihood.sample(parameters, seed=4))
    generator = keras.random.SeedGenerator(3)
    draws = [likelihood.sample(parameters, seed=generator) for _ in range(2)]
    assert np.any(draws[0] != draws[1])


@every_likelihood
def test_mean_of_draws_is_the_mean(likelihood):
    if isinstance(likelihood, DiscretizedLogistic):
        pytest.skip("gives the median")
    parameters = decoder_output(likelihood, shape=(1, 5))
    draws = likelihood.sample(np.repeat(parameters, 20000, axis=0), seed=0)
    # Four standard errors of a variable in [0, 1], or of the Gaussian's scale ½.
    np.testing.assert_allclose(
        ops.mean(draws, axis=0), likelihood.mean(parameters)[0], atol=0.0142
    )


@every_likelihood
def test_mean_becomes_a_functional_model_without_the_library(likelihood, tmp_path):
    inputs = keras.Input((5,))
    hidden = keras.layers.Dense(5, activation=likelihood.image_activation)(inputs)
    model = keras.Model(inputs, likelihood.mean(hidden))
    assert "keras_latent" not in json.dumps(json.loads(model.to_json()))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = observation((4, 5))
    np.testing.assert_array_equal(loaded(x), model(x))


def test_identity_mean_adds_no_operation():
    symbolic = keras.KerasTensor((None, 5))
    assert Gaussian().mean(symbolic) is symbolic


@every_likelihood
def test_config_round_trip(likelihood):
    config = likelihood.get_config()
    again = type(likelihood).from_config(config)
    assert again.get_config() == config
    serialized = keras.saving.serialize_keras_object(likelihood)
    assert serialized["registered_name"].startswith("keras_latent>")
    assert type(keras.saving.deserialize_keras_object(serialized)) is type(likelihood)


@few_likelihoods
def test_saved_with_its_model(likelihood, tmp_path):
    model = Scored(type(likelihood).from_config(likelihood.get_config()))
    model.compile("sgd")
    x = observation((8, 5))
    model.fit(x, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(x, verbose=0) == model.evaluate(x, verbose=0)


@pytest.mark.usefixtures("mixed_float16")
def test_learned_scale_stays_float32_in_a_mixed_precision_model():
    model = Scored(Gaussian(scale=1 / 3, learn_scale=True))
    x = ops.cast(observation((4, 5)), "float16")
    assert model(x).dtype == "float32"
    assert model.losses[0].dtype == "float32"
    parameters = model.dense(x)
    expected = -ops.mean(model.likelihood.log_prob(x, parameters))
    np.testing.assert_array_equal(model.losses[0], expected)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[0.0, 255.0], [-1.0, 3.0]], r"minimum=-1, maximum=255"),
        (np.full((2, 2), 255, "uint8"), r"minimum=255, maximum=255"),
        ([[0.0, 1.0001]], r"minimum=0, maximum=1\.0001"),
    ],
)
def test_range_error_names_what_was_observed(x, message):
    with pytest.raises(
        ValueError,
        match=r"^`x` must lie in \[0, 1\] for the bernoulli likelihood. Received: "
        + message,
    ):
        Bernoulli(name="other").check_observation(x)


@every_likelihood
def test_values_that_are_not_finite_are_counted(likelihood):
    x = observation()
    x[0, 0, 0], x[1, 0, :2] = np.nan, -np.inf
    with pytest.raises(
        ValueError, match=r"`x` must be finite. Received: NaN=1, infinite=2 of 30"
    ):
        likelihood.check_observation(x)


@every_likelihood
def test_good_values_pass(likelihood):
    likelihood.check_observation(tf.constant(observation()))
    likelihood.check_normalised(tf.constant(observation()))
    likelihood.check_observation(np.zeros((0, 5)))


def test_a_rounding_outside_the_range_passes():
    Bernoulli().check_observation(np.float32([1 + 2e-7, -2e-7]))


@every_likelihood
@pytest.mark.parametrize("shape", [(3, 2), (3, 2, 1), (3, 2, 5, 1)])
def test_shapes_that_would_broadcast_are_refused(likelihood, shape):
    with pytest.raises(ValueError, match=r"Received: x.shape=\(3, 2, 5\), param"):
        likelihood.log_prob(observation(), np.full(shape, 0.5, "float32"))


NO_NUMBERS = [None, "a", np.full((3, 2, 5), "a"), {"a": 1}, [[1.0], [1.0, 2.0]], 3.0]


@every_likelihood
@pytest.mark.parametrize("wrong", [*NO_NUMBERS, 1j * np.ones((3, 2, 5))])
def test_what_is_no_array_of_rows(likelihood, wrong):
    x, good = observation(), decoder_output(likelihood)
    with pytest.raises(ValueError, match=r"`x` must .* Received: x[= ]"):
        likelihood.log_prob(wrong, good)
    for use in (
        lambda: likelihood.log_prob(x, wrong),
        lambda: likelihood.mean(wrong),
        lambda: likelihood.sample(wrong),
    ):
        with pytest.raises(ValueError, match=r"`parameters` must .*: parameters[= ]"):
            use()


@every_likelihood
@pytest.mark.parametrize("wrong", [[[1.0], [1.0, 2.0]], keras.KerasTensor((None, 5))])
def test_observations_whose_values_nobody_knows(likelihood, wrong):
    message = rf"`x` must be an array of known values.* type {type(wrong).__name__}"
    with pytest.raises(ValueError, match=message):
        likelihood.check_observation(wrong)


@pytest.mark.parametrize("name", ["bernoulli", "categorical", "discretized_logistic"])
@pytest.mark.parametrize("wrong", NO_NUMBERS[:-1])
def test_what_has_no_density(name, wrong):
    with pytest.raises(ValueError, match=r"`x` must .*Received: x of (dtype|type)"):
        LIKELIHOODS[name].check_normalised(wrong)
    with pytest.raises(ValueError, match=r"`x` must "):
        LIKELIHOODS[name].check_normalised(np.full((3, 5), np.nan))


@every_likelihood
@pytest.mark.parametrize("seed", ["a", -1, 1.5, True])
def test_what_is_no_seed(likelihood, seed):
    with pytest.raises(ValueError, match=r"`seed` must be an integer.*: seed="):
        likelihood.sample(decoder_output(likelihood), seed)


def test_categories_need_an_axis():
    with pytest.raises(ValueError, match=r"\(batch, ..., categories\).*shape \(5,\)"):
        Categorical().log_prob(np.eye(5)[0], np.eye(5)[0])
    with pytest.raises(ValueError, match=r"at least one number.*shape \(5, 0\)"):
        Categorical().sample(np.zeros((5, 0)))


@pytest.mark.parametrize("abstract", [Likelihood, TensorLikelihood])
def test_abstract_classes_make_no_object(abstract):
    with pytest.raises(TypeError, match="abstract"):
        abstract()


def test_a_user_writes_a_likelihood_by_its_formulas():
    class Laplace(TensorLikelihood):
        expected_range = (-math.inf, math.inf)
        image_activation = "sigmoid"

        def check_normalised(self, x):
            pass

        def _log_prob(self, x, parameters):
            return -ops.abs(x - parameters) - math.log(2)

        def _mean(self, parameters):
            return parameters

        def _sample(self, parameters, seed):
            raise NotImplementedError

    log_prob = Laplace().log_prob([[1, 2]], [[0.5, 0.0]])
    np.testing.assert_allclose(log_prob, [-2.5 - 2 * math.log(2)], rtol=1e-6)
