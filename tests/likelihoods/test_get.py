import pytest

from keras_latent.likelihoods import (
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    Mixed,
    get,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bernoulli", Bernoulli),
        ("continuous_bernoulli", ContinuousBernoulli),
        ("gaussian", Gaussian),
        ("categorical", Categorical),
        ("discretized_logistic", DiscretizedLogistic),
    ],
)
def test_a_name_gives_its_class(name, expected):
    assert type(get(name)) is expected


def test_an_object_is_returned_as_it_is():
    likelihood = Gaussian(scale=2.0)
    assert get(likelihood) is likelihood


def test_a_dict_gives_a_mixed_likelihood():
    height = Gaussian(scale=2.0)
    likelihood = get({"digit": "categorical", "height": height})
    assert isinstance(likelihood, Mixed)
    assert type(likelihood.likelihoods["digit"]) is Categorical
    assert likelihood.likelihoods["height"] is height


@pytest.mark.parametrize("identifier", ["poisson", None, 3, Bernoulli], ids=str)
def test_anything_else_is_refused_with_the_choices(identifier):
    with pytest.raises(
        ValueError,
        match=r"`likelihood` must be one of 'bernoulli', 'continuous_bernoulli', "
        "'gaussian', 'categorical', 'structural_similarity', 'discretized_logistic'. "
        "Received: likelihood=",
    ):
        get(identifier)
    with pytest.raises(ValueError, match="Received: likelihood="):
        get({"column": identifier})
