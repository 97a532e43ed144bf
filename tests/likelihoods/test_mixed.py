import itertools

import keras
import numpy as np
import pytest

from keras_latent.likelihoods import Bernoulli, Categorical, Gaussian, Mixed

X = {
    "image": np.float32([[0, 1], [1, 1]]),
    "digit": np.float32([[0, 1, 0], [1, 0, 0]]),
    "height": np.float32([[0.5], [-1]]),
}
PARAMETERS = {
    "image": np.float32([[-1, 2], [0.5, 3]]),
    "digit": np.float32([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]),
    "height": np.float32([[0], [1]]),
}


@pytest.fixture
def likelihood():
    return Mixed(
        {
            "image": Bernoulli(from_logits=True),
            "digit": "categorical",
            "height": Gaussian(scale=0.5, learn_scale=True),
        }
    )


def test_log_prob_is_the_sum_of_the_columns(likelihood):
    expected = (
        Bernoulli(from_logits=True).log_prob(X["image"], PARAMETERS["image"])
        + Categorical().log_prob(X["digit"], PARAMETERS["digit"])
        + Gaussian(scale=0.5).log_prob(X["height"], PARAMETERS["height"])
    )
    log_prob = likelihood.log_prob(X, PARAMETERS)
    assert log_prob.shape == (2,)
    np.testing.assert_allclose(log_prob, expected, rtol=1e-6)


def test_probabilities_of_all_outcomes_sum_to_1():
    likelihood = Mixed({"a": "bernoulli", "b": "categorical"})
    parameters = {"a": np.float32([[0.3]]), "b": np.float32([[0.2, 0.5, 0.3]])}
    total = sum(
        np.exp(likelihood.log_prob({"a": [[a]], "b": [b]}, parameters)[0])
        for a, b in itertools.product([0.0, 1.0], np.eye(3, dtype="float32"))
    )
    np.testing.assert_allclose(total, 1, rtol=1e-6)


def test_means_are_those_of_the_columns(likelihood):
    mean = likelihood.mean(PARAMETERS)
    assert list(mean) == list(X)
    expected = 1 / (1 + np.exp(-PARAMETERS["image"]))
    np.testing.assert_allclose(mean["image"], expected, rtol=1e-6)
    np.testing.assert_array_equal(mean["digit"], PARAMETERS["digit"])


def test_mean_becomes_a_functional_model_without_the_library(likelihood, tmp_path):
    inputs = keras.Input((4,))
    parameters = {
        column: keras.layers.Dense(values.shape[-1])(inputs)
        for column, values in PARAMETERS.items()
    }
    model = keras.Model(inputs, likelihood.mean(parameters))
    assert "keras_latent" not in model.to_json()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    z = np.ones((3, 4), "float32")
    for column, mean in model(z).items():
        np.testing.assert_array_equal(loaded(z)[column], mean)


def test_draws_have_the_shapes_and_values_of_the_columns(likelihood):
    draws = likelihood.sample(PARAMETERS, seed=0)
    assert {column: draw.shape for column, draw in draws.items()} == {
        column: values.shape for column, values in X.items()
    }
    likelihood.check_observation(draws)
    likelihood.check_normalised(draws)


def test_one_seed_repeats_the_draw_but_not_the_noise_of_another_column():
    likelihood = Mixed({"a": "gaussian", "b": "gaussian"})
    zeros = {"a": np.zeros((4, 3)), "b": np.zeros((4, 3))}
    first, again = (likelihood.sample(zeros, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first["a"], again["a"])
    np.testing.assert_array_equal(first["b"], again["b"])
    assert not np.any(first["a"] == first["b"])


def test_ranges_and_activations_by_column(likelihood):
    assert likelihood.expected_range == {
        "image": (0, 1),
        "digit": (0, 1),
        "height": (-np.inf, np.inf),
    }
    assert likelihood.image_activation == {
        "image": None,
        "digit": "softmax",
        "height": None,
    }


def test_config_round_trip_keeps_the_columns(likelihood):
    config = likelihood.get_config()
    again = Mixed.from_config(config)
    assert again.get_config() == config
    assert list(again.likelihoods) == list(X)
    np.testing.assert_allclose(
        again.log_prob(X, PARAMETERS), likelihood.log_prob(X, PARAMETERS), rtol=1e-6
    )


@keras.saving.register_keras_serializable(package="test_likelihoods")
class Holder(keras.Model):
    def __init__(self, likelihood, **kwargs):
        super().__init__(**kwargs)
        self.likelihood = likelihood
        self.built = True

    def get_config(self):
        likelihood = keras.saving.serialize_keras_object(self.likelihood)
        return {**super().get_config(), "likelihood": likelihood}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["likelihood"]))


def test_learned_scales_are_saved_each_to_its_column(tmp_path):
    likelihood = Mixed(
        {column: Gaussian(learn_scale=True) for column in ("b", "a", "class_name")}
    )
    for value, weight in enumerate(likelihood.trainable_weights):
        weight.assign(value)
    Holder(likelihood).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").likelihood
    assert len(loaded.trainable_weights) == 3
    for column, part in likelihood.likelihoods.items():
        assert float(loaded.likelihoods[column].log_scale) == float(part.log_scale)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": 0, "digit": 0}, r"missing=\['height'\], unknown=\[\]"),
        ({**X, "age": 0}, r"missing=\[\], unknown=\['age'\]"),
        (np.zeros(3), "Received: .* of type ndarray"),
    ],
)
def test_wrong_columns_are_named(likelihood, columns, message):
    expected = r" must .* columns \['image', 'digit', 'height'\]. .*" + message
    with pytest.raises(ValueError, match="^`x`" + expected):
        likelihood.check_observation(columns)
    with pytest.raises(ValueError, match="^`x`" + expected):
        likelihood.log_prob(columns, PARAMETERS)
    for method in (likelihood.mean, likelihood.sample):
        with pytest.raises(ValueError, match="^`parameters`" + expected):
            method(columns)


def test_errors_name_the_column(likelihood):
    with pytest.raises(ValueError, match=r"Column 'image': `x` must .* maximum=255"):
        likelihood.check_observation({**X, "image": np.full((2, 2), 255.0)})
    with pytest.raises(ValueError, match=r"Column 'digit': `x` must be one-hot"):
        likelihood.check_normalised({**X, "digit": np.full((2, 3), 1 / 3)})
    with pytest.raises(ValueError, match=r"Column 'height': .*x.shape=\(2, 1\)"):
        likelihood.log_prob(X, {**PARAMETERS, "height": np.zeros((2, 2))})


@pytest.mark.parametrize("likelihoods", [{}, "gaussian", None], ids=str)
def test_likelihoods_must_be_a_dict(likelihoods):
    with pytest.raises(
        ValueError, match=f"`likelihoods` must be .* likelihoods={likelihoods!r}"
    ):
        Mixed(likelihoods)


class TestNonsenseInAColumn:
    COLUMNS = Mixed({"image": "gaussian", "digit": "categorical"})

    def columns(self, rows=3, digits=3):
        return {"image": np.ones((rows, 2)), "digit": np.eye(4)[[1] * digits]}

    @pytest.mark.parametrize("wrong", [None, "a", [[1.0], [1.0, 2.0]], 3.0])
    def test_is_named(self, wrong):
        columns = {**self.columns(), "digit": wrong}
        for use in (
            lambda: self.COLUMNS.log_prob(self.columns(), columns),
            lambda: self.COLUMNS.mean(columns),
            lambda: self.COLUMNS.sample(columns),
        ):
            with pytest.raises(ValueError, match=r"Column 'digit': `parameters` must"):
                use()
        with pytest.raises(ValueError, match=r"Column 'digit': `x` must"):
            self.COLUMNS.log_prob(columns, self.columns())

    @pytest.mark.parametrize("digits", [1, 2])
    def test_rows_that_a_sum_would_repeat(self, digits):
        columns = self.columns(digits=digits)
        message = r"`x` must have as many rows .*\(3,\)\. Received: .*column 'digit'"
        with pytest.raises(ValueError, match=message):
            self.COLUMNS.log_prob(columns, columns)

    @pytest.mark.parametrize("event", [None, (3,), "a"])
    def test_events(self, event):
        with pytest.raises(ValueError, match=r"`event` must be a dict.*: event="):
            self.COLUMNS.check_event(event)

    @pytest.mark.parametrize("seed", ["a", -1, 1.5])
    def test_seeds(self, seed):
        with pytest.raises(ValueError, match=r"`seed` must be an integer.*: seed="):
            self.COLUMNS.sample(self.columns(), seed)
