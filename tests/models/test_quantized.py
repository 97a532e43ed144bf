"""Models in eight bits: what is written can be loaded."""

import keras
import numpy as np
import pytest

import keras_latent as kl
from tests.models.cases import CASES, in_tiers

pytestmark = [
    # Keras says so of every layer without weights.
    pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`"),
    pytest.mark.filterwarnings("ignore:.*Only .* layers can be quantized"),
]


def assert_equal(found, expected):
    found, expected = keras.tree.flatten(found), keras.tree.flatten(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@in_tiers(CASES, ("constrained",))
def test_a_quantized_model_is_saved_and_loaded(case, tmp_path):
    model, x = case.build(), case.data(4)
    model.quantize("int8")
    model.save(tmp_path / "model.keras")
    loaded = kl.load_model(tmp_path / "model.keras")
    assert_equal(loaded.reconstruct(x), model.reconstruct(x))


@in_tiers(CASES, ("constrained",))
def test_a_model_whose_encoder_was_quantized_is_saved_and_loaded(case, tmp_path):
    model, x = case.build(), case.data(4)
    model.to_encoder().quantize("int8")
    model.save(tmp_path / "model.keras")
    loaded = kl.load_model(tmp_path / "model.keras")
    assert_equal(loaded.encode(x), model.encode(x))


def test_the_numbers_are_those_of_eight_bits():
    model = kl.models.Autoencoder.for_images((8, 8, 1), latent_dim=2)
    x = np.random.default_rng(0).random((4, 8, 8, 1))
    plain = model.encode(x)
    model.quantize("int8")
    assert model.get_config()["quantized"] == {"code/0": "int8"}
    difference = np.abs(model.encode(x) - plain).max()
    assert 0.0 < difference < 0.05 * np.abs(plain).max()


def test_a_model_that_was_not_says_nothing_of_it():
    model = kl.models.Autoencoder.for_images((8, 8, 1), latent_dim=2)
    assert "quantized" not in model.get_config()


def with_attention():
    networks = {"width": 8, "attention": True}
    return kl.models.AutoencoderKL.for_images(
        (16, 16, 1), latent_dim=2, encoder=dict(networks), decoder=dict(networks)
    )


@pytest.mark.all
@pytest.mark.filterwarnings("ignore:Attention stays as it is")
def test_attention_stays_exact_and_loads(tmp_path):
    model = with_attention()
    x = np.random.default_rng(0).random((4, 16, 16, 1), "float32")
    model.quantize("int8")
    model.save(tmp_path / "model.keras")
    loaded = kl.load_model(tmp_path / "model.keras")
    assert_equal(loaded.reconstruct(x), model.reconstruct(x))


def test_attention_that_was_quantized_past_the_model_is_not_written(tmp_path):
    model = with_attention()
    # Past the model, which would keep it exact.
    keras.Model.quantize(model.encoder, "int8")
    with pytest.raises(ValueError, match=r"Attention must .* Received: a quantized"):
        model.save(tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())
