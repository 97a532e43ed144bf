import pytest

from keras_latent.distributions import CodeDistribution, Distribution
from keras_latent.likelihoods import Bernoulli, Gaussian, Likelihood, Mixed


def test_likelihoods_are_distributions_of_what_is_observed():
    assert issubclass(Likelihood, Distribution)
    assert not issubclass(Likelihood, CodeDistribution)


def test_a_decoder_gives_one_number_for_each_of_the_observation():
    assert Bernoulli().parameters_shape((28, 28, 1)) == (28, 28, 1)
    mixed = Mixed({"image": Gaussian(), "digit": "categorical"})
    event = {"image": (28, 28, 1), "digit": (10,)}
    assert mixed.parameters_shape(event) == event


def test_every_column_has_a_shape():
    mixed = Mixed({"image": Gaussian(), "digit": "categorical"})
    with pytest.raises(ValueError, match=r"`event` must have the columns.*'digit'"):
        mixed.parameters_shape({"image": (28, 28, 1)})
