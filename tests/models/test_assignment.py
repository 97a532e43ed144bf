"""What is assigned to a model after it was made: taken with effect, or refused."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from keras_latent import distributions, likelihoods, models
from tests.models.cases import dense_networks, images

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
