import numpy as np
import pytest

from keras_latent.metrics import latent_length
from keras_latent.models import EncDec
from tests.models.cases import dense_networks, images


def test_is_half_the_mean_square():
    codes = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")

    expected = sum(float(value) ** 2 for value in codes.flat) / 15 / 2
    assert latent_length(codes) == pytest.approx(expected, rel=1e-6)


def test_of_two_sets_is_the_sum_of_theirs():
    codes, generated = np.random.default_rng(0).normal(size=(2, 5, 3))

    length = latent_length(codes, generated)

    assert length == pytest.approx(latent_length(codes) + latent_length(generated))


def test_is_what_the_model_logs():
    model, x = EncDec(**dense_networks()), images(6)
    model.compile()

    logs = model.evaluate(x, batch_size=6, return_dict=True, verbose=0)

    codes = model.encode(x)
    length = latent_length(codes, model.encode(model.decode(codes)))
    assert length == pytest.approx(logs["latent_length"], rel=1e-5)


def test_refuses_another_shape():
    with pytest.raises(
        ValueError, match=r"`generated_codes` .* \(2, 3\)\. .* \(1, 3\)"
    ):
        latent_length(np.zeros((2, 3)), np.zeros((1, 3)))


@pytest.mark.parametrize("argument", ["codes", "generated_codes"])
def test_refuses_codes_that_are_not_finite(argument):
    arguments = {"codes": [[0.0]], "generated_codes": [[0.0]], argument: [[np.inf]]}

    with pytest.raises(ValueError, match=rf"`{argument}` must be finite.* 1 values"):
        latent_length(**arguments)
