"""What is assigned to a model after it was made: taken with effect, or refused."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent import distributions, likelihoods, models
from tests.models.cases import dense_networks, images

pytestmark = pytest.mark.usefixtures("eagerly")

X = images(6)


def made(**arguments):
    return models.IWAE(**dense_networks(), likelihood="gaussian", **arguments)


def refused(model, name, value, message):
    before = getattr(model, name)
    with pytest.raises(ValueError, match=message):
        setattr(model, name, value)
    assert getattr(model, name) is before


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("num_samples", -1, r"`num_samples` must be a positive integer.*=-1"),
        ("gradient", "none", r"`gradient` must be one of 'iwae'.*'none'"),
        ("seed", 3, r"`seed` can't be changed once .* `noise` follows from it.*seed=3"),
        ("likelihood", "laplace", r"`likelihood` can't be exchanged.*of type str"),
        ("prior", distributions.UniformSphere(), r"must live on the same space"),
        ("prior", distributions.NormalMixture(2), r"`prior` can't be changed once"),
    ],
)
def test_what_the_constructor_refuses_is_refused(name, value, message):
    refused(made(), name, value, message)


def test_networks_can_not_be_exchanged():
    model, other = made(), dense_networks()
    refused(model, "encoder", other["encoder"], r"`encoder` can't be exchanged.*IWAE")
    refused(model, "decoder", None, r"`decoder` can't be exchanged.*NoneType")
    model.encoder = model.encoder


def test_the_number_of_draws_counts_from_then_on():
    """Of a step that was compiled before, too; and it is saved."""
    model, drawn = made(num_samples=2), []
    model.compile()
    model.fit(X, verbose=0)
    infer = model.infer
    model.infer = lambda x, training, draws: (
        drawn.append(draws),
        infer(x, training, draws),
    )[1]
    model.num_samples = 7
    model.fit(X, verbose=0)
    assert drawn[-1] == 7
    assert model.get_config()["num_samples"] == 7


def test_a_likelihood_without_weights_can_be_exchanged(tmp_path):
    model = made()
    model.compile()
    before = model.evaluate(X, verbose=0, return_dict=True)["loss"]
    model.likelihood = likelihoods.Gaussian(scale=0.1)
    after = model.evaluate(X, verbose=0, return_dict=True)["loss"]
    assert abs(after - before) > 1.0
    model.save(tmp_path / "model.keras")
    assert (
        kl.load_model(tmp_path / "model.keras").likelihood.get_config()["scale"] == 0.1
    )


def test_a_constructor_further_down_may_assign_again():
    class Own(models.IWAE):
        def __init__(self, encoder, decoder, num_samples=5, **kwargs):
            super().__init__(encoder, decoder, num_samples=num_samples, **kwargs)
            self.num_samples = 2 * num_samples

    assert Own(**dense_networks(), num_samples=3).num_samples == 6


def test_random_numbers_are_not_drawn_for_the_check():
    keras.utils.set_random_seed(0)
    expected = made().noise.seed_generator.state.numpy(), made().noise.seed
    keras.utils.set_random_seed(0)
    first = made()
    first.num_samples = 3
    second = made()
    np.testing.assert_array_equal(first.noise.seed_generator.state, expected[0])
    assert second.noise.seed == expected[1]


def test_numbers_of_tensors_and_arrays():
    model = models.VAE(**dense_networks())
    model.beta += 1
    assert float(model.beta) == 2.0
    model.beta = np.array(3.0)
    assert float(model.beta) == 3.0
    with pytest.raises(ValueError, match=r"`beta` must be a number.*array\(\[3\.\]\)"):
        model.beta = np.array([3.0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code_mean", keras.layers.Dense(3, activation="tanh", dtype="float32")),
        ("code_mean", None),
        ("noise", None),
        ("code_shape", (5,)),
        ("latent_dim", 5),
        ("condition", 3),
        ("decoder_spec", None),
    ],
)
def test_what_follows_from_arguments_can_not_be_changed(name, value):
    """A loaded model would have what its constructor makes."""
    refused(made(), name, value, rf"`{name}` can't be changed once.*Received: {name}=")


def test_a_layer_that_is_like_the_one_in_its_place(tmp_path):
    model = made()
    model.code_mean = keras.layers.Dense(3, dtype="float32")
    codes = model.encode(X)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.encode(X), codes, rtol=1e-5)


@keras.saving.register_keras_serializable(package="tests")
class Squashed(models.IWAE):
    """What its own constructor makes, a loaded model has, too."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.code_mean = keras.layers.Dense(3, activation="tanh", dtype="float32")


def test_constructors_may_make_other_layers(tmp_path):
    model = Squashed(**dense_networks(), likelihood="gaussian")
    codes = model.encode(X)
    assert np.abs(codes).max() <= 1.0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.encode(X), codes, rtol=1e-5)


@keras.saving.register_keras_serializable(package="tests")
class Judged(models.Autoencoder):
    """With a network of its own, which its first call builds."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.judge = keras.Sequential(
            [keras.layers.Dense(2, activation="tanh"), keras.layers.Dense(1)]
        )
        self.add_term("judgement", 0.1)

    def objective(self, batch, training):
        judged = self.judge(self.encoded(batch.x, training))
        return {
            **super().objective(batch, training),
            "judgement": keras.ops.softplus(judged[:, 0]),
        }


@pytest.mark.parametrize("run_eagerly", [True, False])
def test_layers_that_a_step_would_build(run_eagerly):
    model = Judged(**dense_networks())
    model.compile(run_eagerly=run_eagerly)
    with pytest.raises(ValueError, match=r"`compile` must come after layers are built"):
        model.fit(X, verbose=0)


def test_what_a_call_has_built_is_filled_by_a_file(tmp_path):
    model = Judged(**dense_networks())
    model.judge(model.encode(X))
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    model.fit(X, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    expected = model.evaluate(X, verbose=0, return_dict=True)
    found = loaded.evaluate(X, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-5)
    for a, b in zip(loaded.judge.variables, model.judge.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    loaded.fit(X, verbose=0)
