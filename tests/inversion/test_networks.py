"""The networks that make images of the features of another network."""

import keras
import numpy as np
import pytest

from keras_latent.inversion.networks import MODES
from keras_latent.layers import HyperDense
from keras_latent.networks import extra_encoder, inversion_decoder

SMALL = {"hidden": 8, "widths": (6, 4), "control": (3,)}


def decoder(mode="hyper", image_shape=(9, 11, 1), **arguments):
    return inversion_decoder(image_shape, 7, 2, mode=mode, **{**SMALL, **arguments})


def depth(model):
    kinds = (keras.layers.Dense, keras.layers.Conv2D, HyperDense)
    return sum(isinstance(layer, kinds) for layer in model.layers)


FORMS = [{}, {"convolutions": 2}, {"upsampling": False}]
each_form = pytest.mark.parametrize("form", FORMS, ids=str)


@each_form
def test_the_modes_have_one_depth(form):
    assert len({depth(decoder(mode, **form)) for mode in MODES}) == 1


@each_form
@pytest.mark.parametrize("mode", MODES)
def test_shapes(mode, form):
    model = decoder(mode, **form)
    inputs = [np.ones((3, 7), "float32"), np.ones((3, 2), "float32")]
    taken = inputs[0] if mode == "features" else inputs
    assert model(taken).shape == (3, 9, 11, 1)
    shapes = (None, 7) if mode == "features" else [(None, 7), (None, 2)]
    assert model.input_shape == shapes


def test_deeper_and_without_upsampling():
    assert depth(decoder(convolutions=2)) == depth(decoder()) + 1
    assert depth(decoder(upsampling=False)) == depth(decoder())
    doubling = keras.layers.UpSampling2D
    assert any(isinstance(layer, doubling) for layer in decoder().layers)
    flat = decoder(upsampling=False)
    assert not any(isinstance(layer, doubling) for layer in flat.layers)


@pytest.mark.parametrize("hyper_at", ["features", "map"])
@pytest.mark.parametrize("rank", [None, 1, 4])
def test_the_extra_numbers_control_one_dense_layer(hyper_at, rank):
    model = decoder(hyper_at=hyper_at, rank=rank)
    (layer,) = [layer for layer in model.layers if isinstance(layer, HyperDense)]
    assert layer.rank == rank
    assert layer.units == {"features": 8, "map": 5 * 6 * 6}[hyper_at]
    features = np.random.default_rng(0).normal(size=(1, 7)).astype("float32")
    extra = [np.zeros((1, 2), "float32"), np.full((1, 2), 3.0, "float32")]
    one, other = (model([features, n]).numpy() for n in extra)
    assert not np.allclose(one, other)


def test_extra_encoder():
    model = extra_encoder((9, 11, 3), size=4, widths=(2, 3))
    assert model.output_shape == (None, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "product"}, "`mode` must be one of 'features', 'concat', 'hyper'"),
        ({"hyper_at": "image"}, "`hyper_at` must be one of 'features', 'map'"),
        ({"rank": 0}, "`rank` must be a positive integer. Received: rank=0"),
        ({"convolutions": 0}, "`convolutions` must be a positive integer"),
        ({"widths": ()}, "`widths` must be a sequence"),
        ({"image_shape": (4, 4, 1)}, "`image_shape` must be"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        decoder(**arguments)


def test_no_features_or_extra_numbers():
    with pytest.raises(ValueError, match="`feature_size` must be a positive integer"):
        inversion_decoder((8, 8, 1), 0)
    with pytest.raises(ValueError, match="`extra_size` must be a positive integer"):
        inversion_decoder((8, 8, 1), 4, 0)
    with pytest.raises(ValueError, match="`size` must be a positive integer"):
        extra_encoder((8, 8, 1), 0)
